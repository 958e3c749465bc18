import type { ProviderPlugin } from '@llmproxy/provider-kit'

/** The files that `llmproxy init` writes, by name, with an entry for each of the plugins. */
export async function initialFiles(
  plugins: readonly ProviderPlugin[],
): Promise<Readonly<Record<string, string>>> {
  const entries = await Promise.all(plugins.map(entryOf))
  return {
    'config.yaml': head + entries.map(({ text }) => text).join('\n'),
    '.env.example':
      envHead + entries.flatMap(({ variable }) => (variable ? [`${variable}=\n`] : [])).join(''),
  }
}

const head = `# The configuration of llmproxy. "llmproxy check" says what is wrong with it, "llmproxy schema" what it may contain.
# \${NAME} in any text is replaced by an environment variable; the file .env beside this one is read too.

host: 127.0.0.1
port: 8000

# The keys that clients send. Without any, only programs on this machine may call.
# api_keys:
#   - \${LLMPROXY_CLIENT_KEY}

# Requests of one key: all together in rate_limit_window seconds, and per minute for each operation. null: no limit.
rate_limit_rpm: 1000
rate_limit_window: 60
rate_limits:
  chat: 100
  completions: 100
  embeddings: 200

log_level: INFO

# A provider without its key is off, and says so at the start. Lower priority is asked first.
# models: exact names, "prefix*", "*" for all, or {id: name-for-clients, upstream: name-at-the-provider}.
providers:
`

const envHead = `# Copy this file to .env and fill in the keys that you have.
LLMPROXY_CLIENT_KEY=
`

interface Entry {
  readonly text: string
  /** The environment variable of its key. */
  readonly variable?: string
}

async function entryOf(plugin: ProviderPlugin): Promise<Entry> {
  const { type } = plugin
  const name = `  - name: ${type}\n    type: ${type}\n`
  if (await accepts(plugin, {})) return { text: `${name}    models: ["${type}-*"]\n` }
  const variable = `PROXY_API_${type.toUpperCase().replaceAll('-', '_')}_API_KEY`
  const text = `${name}    api_key_env: ${variable}\n    models: ["*"]\n`
  if (await accepts(plugin, { api_key: 'a-key' })) return { text, variable }
  // It needs more than a key: what, its own documentation says.
  return { text: text.replaceAll(/^/gm, '# ').replace(/# $/, ''), variable }
}

async function accepts({ options }: ProviderPlugin, given: object): Promise<boolean> {
  const result = await options['~standard'].validate(given)
  return result.issues === undefined
}

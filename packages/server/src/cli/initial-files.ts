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
#   - \${LLMPROXY_API_KEY}

# Requests of one key: all together in rate_limit_window seconds, and per minute for each operation. null: no limit.
rate_limit_rpm: 1000
rate_limit_window: 60
rate_limits:
  chat: 100
  completions: 100
  embeddings: 200

# Requests that do not fit their model are asked again with a summary of the conversation, which is made with your keys. "model" names who
# makes it, "same_provider: true" lets no other vendor read it. Without this section clients get the vendor's error.
condensation:
  enabled: true

log_level: INFO

# A provider without its key is off, and says so at the start. Lower priority is asked first.
# One that asks a server of your own without a key has "enabled: false": write true when that server runs.
# api_key_env may list several variables, [FIRST_KEY, SECOND_KEY]: the next key takes over when one is refused or rate limited.
# models: exact names, "prefix*", "*" for all, or {id: name-for-clients, upstream: name-at-the-provider}.
providers:
`

const envHead = `# Copy this file to .env and fill in the keys that you have.
LLMPROXY_API_KEY=
`

interface Entry {
  readonly text: string
  /** The environment variable of its key. */
  readonly variable?: string
}

async function entryOf(plugin: ProviderPlugin): Promise<Entry> {
  const { type, example = {} } = plugin
  const name = `  - name: ${type}\n    type: ${type}\n`
  if (await accepts(plugin, {})) return { text: name + keys({ models: [`${type}-*`], ...example }) }
  const variable = `PROXY_API_${type.toUpperCase().replaceAll('-', '_')}_API_KEY`
  const text = name + keys({ api_key_env: variable, models: ['*'], ...example })
  if (await accepts(plugin, { api_key: 'a-key' })) return { text, variable }
  // It needs more than a key: the example is a form to fill in, and its own documentation says the rest.
  return { text: text.replaceAll(/^(?=.)/gm, '# '), variable }
}

/** Names and URLs: text that means itself in YAML without quotes. */
const plain = /^[A-Za-z]+[_:][\w.:/-]*[\w/]$/

function keys(entry: Readonly<Record<string, unknown>>): string {
  return Object.entries(entry)
    .map(
      ([key, value]) =>
        `    ${key}: ${typeof value === 'string' && plain.test(value) ? value : inline(value)}\n`,
    )
    .join('')
}

/** A JSON value is YAML; lists are spaced as people write them. */
function inline(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inline).join(', ')}]` : JSON.stringify(value)
}

async function accepts({ options }: ProviderPlugin, given: object): Promise<boolean> {
  const result = await options['~standard'].validate(given)
  return result.issues === undefined
}

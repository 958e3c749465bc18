import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { apiKey, baseUrl, definePlugin, type ProviderPlugin, Secret } from '@llmproxy/provider-kit'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { configureProviders } from '../plugins/configure.ts'
import { createRegistry } from '../plugins/registry.ts'
import { ConfigError, formatPath, formatProblem } from './problem.ts'
import { checkConfig, readConfig } from './read.ts'
import { revealSecrets } from './secrets.ts'

const file = 'config.yaml'
const read = (text: string, env: Record<string, string | undefined> = {}) => readConfig(text, { file, env })

/** Both blocks of the specification, as they stand there. */
const sample = `
app_name: "LLM Proxy API"
app_version: "2.0.0"
debug: false
host: "127.0.0.1"
port: 8000
api_keys:
  - "your-api-key-here"
api_key_header: "X-API-Key"
cors_origins:
  - "*"
rate_limit_rpm: 1000
rate_limit_window: 60
request_timeout: 300
circuit_breaker_threshold: 5
circuit_breaker_timeout: 60
log_level: "INFO"
log_file: null
config_file: "config.yaml"

providers:
  - name: "openai_default"
    type: "openai"
    base_url: "https://api.openai.com/v1"
    api_key_env: "PROXY_API_OPENAI_API_KEY"
    models:
      - "gpt-4"
      - "gpt-3.5-turbo"
    enabled: true
    priority: 1
    timeout: 30
    max_retries: 3
    retry_delay: 1.0
    rate_limit: null
    max_connections: 10
    keepalive_timeout: 30
    custom_headers: {}

condensation:
  max_tokens_default: 512
  error_keywords:
    - "context_length_exceeded"
    - "maximum context length"
    - "custom_error"
  adaptive_factor: 0.5
  cache_ttl: 300
`

describe('readConfig', () => {
  it('accepts the sample of the specification as it is', () => {
    const { config, problems, warnings } = read(sample)
    expect(problems).toEqual([])
    expect(warnings).toEqual([])
    expect(config).toMatchObject({ port: 8000, log_file: null, condensation: { cache_ttl: 300 } })
    expect(config?.providers[0]).toMatchObject({
      timeout: 30,
      rate_limit: null,
      base_url: 'https://api.openai.com/v1',
      queue_timeout: 10,
    })
  })

  it('has the provider of that sample on when its key is set, and refuses to start when not', async () => {
    const { config, origin } = read(sample)
    const vendor = definePlugin({
      type: 'openai',
      options: z.strictObject({ api_key: apiKey(), base_url: baseUrl() }),
      create: ({ base_url }) => ({ baseUrl: base_url, operations: {}, authorize: () => ({}) }),
    })
    const registry = createRegistry({ plugins: [vendor] as ProviderPlugin[] })
    const configure = (env: Record<string, string>) => configureProviders(config!, { registry, env, origin })
    const { on, problems } = await configure({ PROXY_API_OPENAI_API_KEY: 'a-key' })
    expect(problems).toEqual([])
    expect(on.map(({ provider }) => provider.baseUrl)).toEqual(['https://api.openai.com/v1'])
    expect((await configure({})).problems.map(({ message }) => message)).toEqual([
      'missing, and enabled is true: set PROXY_API_OPENAI_API_KEY, or write `enabled: auto`',
    ])
  })

  it('fills an empty file with defaults', () => {
    for (const text of ['', '# nothing yet', 'providers:\nhost:\nrate_limits:']) {
      const { config, problems } = read(text)
      expect(problems).toEqual([])
      expect(config).toMatchObject({
        host: '127.0.0.1',
        providers: [],
        api_keys: [],
        rate_limits: { chat: 100 },
      })
    }
  })

  it('keeps null where it means "no limit" and takes the default elsewhere', () => {
    const { config } = read('rate_limit_rpm: null\nrate_limits: { chat: null }\nport: null\nlog_file: ~')
    expect(config).toMatchObject({
      rate_limit_rpm: null,
      port: 8000,
      log_file: null,
      rate_limits: { chat: null, embeddings: 200 },
    })
  })

  it('understands anchors and merge keys', () => {
    const { config, problems } = read(
      'providers:\n  - &a { name: a, type: x, models: [m], timeout: 5 }\n  - { <<: *a, name: b }',
    )
    expect(problems).toEqual([])
    expect(config?.providers[1]).toMatchObject({ name: 'b', type: 'x', timeout: 5 })
  })

  it('points at the line of a value that comes from a merge key or an alias', () => {
    const { problems } = read(
      'providers:\n  - &a { name: a, type: x, models: [m], timeout: soon }\n  - { <<: *a, name: b }',
    )
    expect(problems.map(formatProblem)).toEqual([
      'config.yaml:2:50 providers[0].timeout: expected a number, found text "soon"',
      'config.yaml:3:5 providers[1].timeout: expected a number, found text "soon"',
    ])
  })

  it('refuses an alias inside of what it stands for', () => {
    expect(read('providers: &a [*a, *a, *a]').problems).toHaveLength(3)
  })

  it('warns of a provider without models, and of one without any time limit', () => {
    const { warnings } = read(
      'request_timeout: 0\nproviders:\n  - {name: a, type: x, timeout: 0}\n  - {name: b, type: x, enabled: false}',
    )
    expect(warnings.map(formatProblem)).toEqual([
      'config.yaml:3:5 providers[0].models: no models: it is asked only for `a/<model>`; list some, or "*" for any',
      'config.yaml:3:33 providers[0].timeout: 0 here and in `request_timeout`: an upstream that never answers holds a request for ever',
    ])
  })

  it('warns of a variable without braces, and does not show it', () => {
    const { config, warnings } = read('api_keys: [$CLIENT_KEY, $100 off]\nproviders: []')
    expect(warnings.map(formatProblem)).toEqual([
      'config.yaml:1:12 api_keys[0]: text of the form $NAME is taken as it is; for an environment variable write ${NAME}',
    ])
    expect(config?.api_keys).toHaveLength(2)
  })

  it('warns of a file in which nothing stands', () => {
    for (const text of ['', '# nothing yet', 'providers:', '{}']) {
      expect(read(text).warnings.map(formatProblem)).toEqual([
        'config.yaml:1:1 nothing is configured here; list some `providers:`',
      ])
    }
  })

  it('warns of vendors that claim every model at the same priority', () => {
    const rivals = (second: string) =>
      read(
        `providers:\n  - {name: a, type: x, models: ["*"]}\n  - {name: b, models: ["m", "*"], ${second}}`,
      ).warnings.map(formatProblem)
    expect(rivals('type: y')).toEqual([
      'config.yaml:3:29 providers[1].models[1]: providers[0] lists "*" too, with another type and the same priority: when both are on, a model goes to either by chance; list the names that each of them knows, or set `priority`',
    ])
    expect(rivals('type: x')).toEqual([])
    expect(rivals('type: y, priority: 2')).toEqual([])
    expect(rivals('type: y, enabled: false')).toEqual([])
  })

  it('keeps the sound part of a broken file, so that its providers can be checked in the same go', () => {
    const { config, partial } = read(
      'port: x\nproviders:\n  - {name: a, type: x, models: [m]}\n  - {name: b}',
    )
    expect(config).toBeUndefined()
    expect(partial?.providers.map(({ name, enabled }) => [name, enabled])).toEqual([
      ['a', 'auto'],
      ['b', false],
    ])
  })

  it('never throws, whatever the file', () => {
    const line = fc.constantFrom(
      'providers:',
      '  - name: a',
      'port: ${X}',
      '{',
      ']',
      '- &a',
      '*a',
      '!t x',
      '"',
      '? x',
      '<<: [1]',
      '__proto__: {}',
      '---',
      '\t',
      'api_keys: [a, {key: b}]',
      '    models: *',
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(line, fc.string())), (lines) => {
        const { config, problems } = read(lines.join('\n'))
        expect(config === undefined).toBe(problems.length > 0)
      }),
      { numRuns: 300 },
    )
  })
})

describe('environment references', () => {
  it('are replaced in any text, also inside of it', () => {
    const text =
      'host: ${HOST}\nport: "${PORT}"\ndebug: ${DEBUG:-true}\napp_name: "a-${HOST}-${NONE:-z}-$${HOST}"'
    const { config, problems } = read(text, { HOST: 'h', PORT: '81' })
    expect(problems).toEqual([])
    expect(config).toMatchObject({ host: 'h', port: 81, debug: true, app_name: 'a-h-z-${HOST}' })
  })

  it('stay text where text is wanted, even if they look like a number', () => {
    const { config } = read('api_keys: ["${KEY}"]\nhost: ${N}', { KEY: '123456', N: '1e3' })
    expect(config?.host).toBe('1e3')
    expect(config?.api_keys).toEqual([new Secret('123456')])
    expect(revealSecrets(config?.api_keys)).toEqual(['123456'])
  })

  it('are not read from what every object has', () => {
    expect(read('host: ${constructor}').problems[0]?.message).toContain('variable constructor is not set')
  })

  it('switch a provider off that may be off, and are a problem for one that must be on', () => {
    const entry = (enabled: string) =>
      `providers:\n  - {name: a, type: x, models: [m], enabled: ${enabled}, api_key: "\${K}"}`
    for (const enabled of ['auto', 'false', '', '"${MODE:-auto}"']) {
      const { problems, origin } = read(entry(enabled))
      expect(problems).toEqual([])
      expect(origin.unset.get(0)).toEqual(['K'])
    }
    expect(read(entry('true')).problems.map(formatProblem)).toEqual([
      'config.yaml:2:61 providers[0].api_key: environment variable K is not set; set it, or give a default: ${K:-…}',
    ])
  })

  it('must be set for the name of a provider, even of one that may be off', () => {
    const { problems } = read('providers:\n  - {name: "${N}", type: x}')
    expect(problems.map(({ message }) => message)).toEqual([
      'environment variable N is not set; set it, or give a default: ${N:-…}',
    ])
  })

  it('leave no hole in a list', () => {
    const { config } = read('providers:\n  - {name: a, type: x, models: ["${M}", m]}')
    expect(config?.providers[0]?.models).toEqual(['m'])
  })
})

describe('checkConfig', () => {
  it('gives problems without a position', () => {
    const { problems } = checkConfig({ prot: 80, providers: [{ name: 'a' }] })
    expect(problems.map(formatProblem)).toEqual([
      'providers[0].type: missing; expected text',
      'prot: unknown key; did you mean "port"?',
    ])
    expect(new ConfigError(problems).message).toBe(problems.map(formatProblem).join('\n'))
    expect(ConfigError.is(new ConfigError([]))).toBe(true)
  })

  it('leaves references alone without an environment, and replaces them with one', () => {
    expect(checkConfig({ host: '${H}' }).config?.host).toBe('${H}')
    expect(checkConfig({ host: '${H}', port: '${P}' }, { H: 'h', P: '1' }).config).toMatchObject({
      host: 'h',
      port: 1,
    })
  })

  it('accepts its own result', () => {
    const { config } = checkConfig({
      api_keys: ['k1-secret', { key: 'k2-secret', name: 'me' }],
      providers: [{ name: 'a', type: 'x', models: ['m'], api_key: 'k3-secret' }],
    })
    const again = checkConfig(config)
    expect(again.problems).toEqual([])
    expect(again.config).toEqual(config)
  })

  it('refuses what is no mapping', () => {
    for (const value of [null, 5, 'text', [], undefined]) expect(checkConfig(value).problems).toHaveLength(1)
  })

  it('hides every secret of its result from logs', () => {
    const secrets = ['k1-secret', 'k2-secret', 'k3-secret', 'k4-secret', 'k5-secret']
    const { config } = checkConfig({
      api_keys: ['k1-secret', { key: 'k2-secret', name: 'me' }],
      providers: [
        {
          name: 'a',
          type: 'x',
          api_key: 'k3-secret',
          oauth: { client_secret: 'k4-secret' },
          tokens: ['k5-secret'],
        },
      ],
    })
    const shown = `${inspect(config, { depth: 9 })} ${JSON.stringify(config)}`
    for (const text of secrets) expect(shown).not.toContain(text)
    expect(Secret.is(config?.providers[0]?.api_key)).toBe(true)
  })
})

describe('formatPath', () => {
  it('quotes what is not a plain word', () => {
    expect(formatPath(['providers', 2, 'custom_headers', 'x y'])).toBe('providers[2].custom_headers["x y"]')
  })
})

import { apiKey, baseUrl, definePlugin, type ProviderPlugin } from '@llmproxy/provider-kit'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { formatProblem } from '../config/problem.ts'
import { readConfig } from '../config/read.ts'
import { configureProviders } from './configure.ts'
import { PluginNotFound } from './load.ts'
import { createRegistry } from './registry.ts'

const created: unknown[] = []
const provider = (baseUrl: string) => ({ baseUrl, operations: {}, authorize: () => ({}) })

/** Needs a key. */
const acme = definePlugin({
  type: 'acme',
  options: z.strictObject({
    api_key: apiKey(),
    base_url: baseUrl('https://acme.test'),
    retries: z.int().min(1).optional(),
    region: z.enum(['east', 'west']).optional(),
    token: z.string().max(3).optional(),
  }),
  create(options) {
    created.push(options)
    if (options.region === 'west') throw new Error(`no west for ${options.api_key.reveal()}\nat stack`)
    return provider(options.base_url)
  },
})

/** Knows no key at all. */
const local = definePlugin({
  type: 'local',
  options: z.strictObject({}),
  create: () => provider('http://local'),
})

/** The key is optional. */
const compatible = definePlugin({
  type: 'compatible_server',
  options: z.strictObject({ base_url: baseUrl(), api_key: apiKey().optional() }),
  create: (options) => provider(`${options.base_url}#${options.api_key?.reveal() ?? 'none'}`),
})

interface Setup {
  readonly env?: Record<string, string | undefined>
  readonly load?: (type: string) => Promise<unknown>
}

/** Has a rule for keys. */
const strict = definePlugin({
  type: 'strict',
  options: z.strictObject({ api_key: z.string().refine((key) => key !== 'your-api-key', 'is a sample') }),
  create: () => provider('http://strict'),
})

interface Keyed {
  readonly api_key: { reveal(): string }
}

async function configure(entries: string, { env = {}, load }: Setup = {}) {
  const read = readConfig(`providers:\n${entries}`, { file: 'config.yaml', env })
  expect(read.problems).toEqual([])
  const registry = createRegistry({ plugins: [acme, local, compatible, strict] as ProviderPlugin[], load })
  const result = await configureProviders(read.config!, { registry, env, origin: read.origin })
  return {
    on: result.on,
    off: result.off.map(({ name, reason }) => `${name}: ${reason}`),
    problems: result.problems.map(formatProblem),
    result,
  }
}

const key = 'acme-key-123456'
const none = { on: [], off: [], problems: [] }

describe('a provider that needs a key', () => {
  it.each([
    ['auto', 'its default variable', '', { PROXY_API_ACME_API_KEY: key }],
    ['true', 'its default variable', '', { PROXY_API_ACME_API_KEY: ` ${key}\n` }],
    ['auto', 'a variable of its own', ', api_key_env: MINE', { MINE: key, PROXY_API_ACME_API_KEY: 'wrong' }],
    ['auto', 'the entry', `, api_key: ${key}`, { PROXY_API_ACME_API_KEY: 'wrong' }],
    ['auto', 'a reference', ', api_key: "${MINE}"', { MINE: key }],
  ])('is on with `enabled: %s` and the key in %s', async (enabled, _where, more, env) => {
    const { on, off, problems } = await configure(
      `  - {name: a, type: acme, models: [m], enabled: ${enabled}${more}}`,
      { env },
    )
    expect({ off, problems }).toEqual({ off: [], problems: [] })
    expect(on[0]?.secrets).toEqual([key])
    expect((created.at(-1) as { api_key: { reveal(): string } }).api_key.reveal()).toBe(key)
  })

  it.each([
    ['x-trace: on', []],
    ['x-version: application/json; v=2', []],
    ['x-auth: s3cretvalue0123456789', ['s3cretvalue0123456789']],
    ['x-auth: Bearer s3cretvalue0123456789', ['Bearer s3cretvalue0123456789', 's3cretvalue0123456789']],
    ['x-api-key: short', ['short']],
  ])('keeps the added header %s out of texts when it looks like a credential', async (header, secrets) => {
    const entry = `  - {name: a, type: acme, models: [m], api_key: ${key}, custom_headers: {${header}}}`
    const { on } = await configure(entry, { env: {} })
    expect(on[0]?.secrets).toEqual([key, ...secrets])
  })

  it.each([
    ['auto', '', {}, ['a: set PROXY_API_ACME_API_KEY'], []],
    ['auto', '', { PROXY_API_ACME_API_KEY: '' }, ['a: set PROXY_API_ACME_API_KEY'], []],
    ['auto', ', api_key_env: MINE', { PROXY_API_ACME_API_KEY: key }, ['a: set MINE'], []],
    ['auto', ', api_key: "${MINE}"', {}, ['a: set MINE'], []],
    ['false', '', {}, ['a: enabled: false'], []],
    ['false', '', { PROXY_API_ACME_API_KEY: key }, ['a: enabled: false'], []],
    [
      'true',
      '',
      {},
      [],
      [
        'config.yaml:2:5 providers[0].api_key: missing, and enabled is true: set PROXY_API_ACME_API_KEY, or write `enabled: auto`',
      ],
    ],
    [
      'true',
      ', api_key_env: MINE',
      {},
      [],
      [
        'config.yaml:2:5 providers[0].api_key: missing, and enabled is true: set MINE, or write `enabled: auto`',
      ],
    ],
  ])('is not on with `enabled: %s`%s and %o', async (enabled, more, env, off, problems) => {
    const result = await configure(`  - {name: a, type: acme, models: [m], enabled: ${enabled}${more}}`, {
      env,
    })
    expect(result).toMatchObject({ on: [], off, problems })
  })

  it.each([
    ['both are set', { A: 'a-1', B: 'b-2' }, ['A', 'B'], []],
    ['one of them is not set', { A: 'a-1' }, [], ['B']],
    ['one of them is empty', { A: 'a-1', B: ' ' }, [], ['B']],
    ['the first is not set', { B: 'b-2' }, [], ['A']],
  ])('with several variables of which %s', async (_what, env, keys, unset) => {
    const { on, off, problems } = await configure(
      '  - {name: a, type: acme, models: [m], api_key_env: [A, B]}',
      {
        env,
      },
    )
    expect({ off, problems }).toEqual({ off: [], problems: [] })
    expect(on[0]?.keys.map(({ name }) => name)).toEqual(keys)
    expect(on[0]?.unsetKeys).toEqual(unset)
    expect(on[0]?.secrets).toEqual(Object.values(env).filter((value) => value !== ' '))
  })

  it('has one instance for each key, and makes it with that key', async () => {
    const env = { A: 'a-1', B: 'b-2', C: 'c-3' }
    const { on } = await configure('  - {name: a, type: acme, models: [m], api_key_env: [A, B, C]}', { env })
    expect(created.slice(-3).map((options) => (options as Keyed).api_key.reveal())).toEqual([
      'a-1',
      'b-2',
      'c-3',
    ])
    expect(new Set(on[0]?.keys.map(({ provider: own }) => own)).size).toBe(3)
    expect(new Set(on[0]?.keys.map(({ digest }) => digest)).size).toBe(3)
    expect(on[0]?.keys[0]?.provider).toBe(on[0]?.provider)
    expect(JSON.stringify(on[0]?.keys)).not.toMatch(/a-1|b-2|c-3/)
  })

  it('takes two variables of the same value for one key, and warns', async () => {
    const env = { A: 'a-1', B: 'a-1', C: 'c-3' }
    const { on, result } = await configure(
      '  - {name: a, type: acme, models: [m], api_key_env: [A, B, C, A]}',
      {
        env,
      },
    )
    expect(on[0]?.keys.map(({ name }) => name)).toEqual(['A', 'C'])
    expect(result.warnings.map(formatProblem)).toEqual([
      'config.yaml:2:57 providers[0].api_key_env[1]: B has the value of A: they count as one key',
      'config.yaml:2:63 providers[0].api_key_env[3]: A is named twice',
    ])
  })

  it('uses the key of the entry alone, and warns of variables beside it', async () => {
    const { on, result } = await configure(
      '  - {name: a, type: acme, models: [m], api_key: own, api_key_env: [A, B]}',
      { env: { A: 'a-1', B: 'b-2' } },
    )
    expect([on.length, on[0]?.keys]).toEqual([1, []])
    expect(result.warnings.map(formatProblem)).toEqual([
      'config.yaml:2:54 providers[0].api_key_env: is not looked at, because `api_key` is set: remove one of the two',
    ])
  })

  it.each(['A', '[A, B]'])('is told to have none when its plugin takes none: %s', async (variables) => {
    const entry = `  - {name: a, type: local, models: [m], api_key_env: ${variables}}`
    const { problems } = await configure(entry, { env: { A: 'a-1', B: 'b-2' } })
    expect(problems).toEqual([
      'config.yaml:2:41 providers[0].api_key_env: this provider takes no key: remove it',
    ])
  })

  it('is off, or a problem, when none of several variables is set', async () => {
    const entry = (enabled: string) =>
      `  - {name: a, type: acme, models: [m], enabled: ${enabled}, api_key_env: [A, B, A]}`
    const { off, result } = await configure(entry('auto'))
    expect([off, result.off[0]?.variable]).toEqual([['a: set A or B'], 'A'])
    expect((await configure(entry('true'))).problems).toEqual([
      'config.yaml:2:5 providers[0].api_key: missing, and enabled is true: set A or B, or write `enabled: auto`',
    ])
  })

  it.each([
    [{ A: 'your-api-key', B: 'b-2' }, ':56 providers[0].api_key_env[0]: the key in A is a sample'],
    [{ A: 'a-1', B: 'your-api-key' }, ':59 providers[0].api_key_env[1]: the key in B is a sample'],
  ])('says which of several keys its plugin refuses: %o', async (env, problem) => {
    const { problems } = await configure('  - {name: a, type: strict, models: [m], api_key_env: [A, B]}', {
      env,
    })
    expect(problems).toEqual([`config.yaml:2${problem}; found text (not shown)`])
  })

  it('has one address for all keys', async () => {
    const env = { A: 'a-1', B: 'b-2' }
    const entry =
      '  - {name: a, type: compatible_server, base_url: "http://h", models: [m], api_key_env: [A, B]}'
    expect((await configure(entry, { env })).problems).toEqual([
      'config.yaml:2:92 providers[0].api_key_env[1]: the key in B leads to another address than the first one: it needs an entry of its own',
    ])
  })

  it('says which variable and which models it would serve', async () => {
    const { result } = await configure('  - {name: a, type: acme, models: [m, {id: n, upstream: o}]}')
    expect(result.off).toEqual([
      {
        name: 'a',
        type: 'acme',
        reason: 'set PROXY_API_ACME_API_KEY',
        variable: 'PROXY_API_ACME_API_KEY',
        models: ['m', 'n'],
      },
    ])
  })

  it('gets its options without the keys of the host', async () => {
    const { on } = await configure(
      '  - {name: a, type: acme, models: [m], priority: 7, base_url: "https://x.test/"}',
      {
        env: { PROXY_API_ACME_API_KEY: key },
      },
    )
    expect(created.at(-1)).toMatchObject({ base_url: 'https://x.test' })
    expect(on[0]?.config).toMatchObject({ name: 'a', priority: 7, timeout: 300 })
    expect(on[0]?.config).not.toHaveProperty('base_url')
    expect(on[0]?.provider.baseUrl).toBe('https://x.test')
  })
})

describe('a provider without need of a key', () => {
  it('is on, and gets no key that it does not know', async () => {
    const env = { PROXY_API_LOCAL_API_KEY: key, PROXY_API_COMPATIBLE_SERVER_API_KEY: key }
    const entries = `  - {name: l, type: local, models: [m]}\n  - {name: c, type: compatible-server, base_url: "http://h", models: [m]}`
    expect((await configure(entries)).on.map(({ provider }) => provider.baseUrl)).toEqual([
      'http://local',
      'http://h#none',
    ])
    expect((await configure(entries, { env })).on.map(({ provider }) => provider.baseUrl)).toEqual([
      'http://local',
      `http://h#${key}`,
    ])
  })
})

describe('wrong plugin options', () => {
  it('are all told, with position, nearest key, and without the secret', async () => {
    const entries = [
      '  - name: a',
      '    type: acme',
      '    models: [m]',
      `    api_key: ${key}`,
      '    prioritty: 3',
      '    bse_url: x',
      '    retries: 0',
      '    region: eest',
      '    token: secret-token-value',
      '  - {name: b, type: acme, models: [m], enabled: true, base_url: "https://user:pass@h"}',
    ].join('\n')
    const { problems, on } = await configure(entries)
    expect(on).toEqual([])
    expect(problems).toEqual([
      'config.yaml:6:5 providers[0].prioritty: unknown key; did you mean "priority"?',
      'config.yaml:7:5 providers[0].bse_url: unknown key; did you mean "base_url"?',
      'config.yaml:8:14 providers[0].retries: must be at least 1, found number 0',
      'config.yaml:9:13 providers[0].region: expected one of "east", "west", found text "eest"; did you mean "east"?',
      'config.yaml:10:12 providers[0].token: must have at most 3 characters, found text (not shown)',
      'config.yaml:11:5 providers[1].api_key: missing, and enabled is true: set PROXY_API_ACME_API_KEY, or write `enabled: auto`',
      'config.yaml:11:65 providers[1].base_url: must not contain a user name or password: use api_key; found text (not shown)',
    ])
  })

  it('are told even while the key is missing, as far as they are known without loading anything', async () => {
    const { off, problems } = await configure(
      '  - {name: a, type: acme, models: [m], api_key_env: K, bse_url: x}',
    )
    expect(off).toEqual(['a: set K'])
    expect(problems).toEqual(['config.yaml:2:56 providers[0].bse_url: unknown key; did you mean "base_url"?'])
  })

  it('are read from the environment as numbers where numbers are wanted', async () => {
    const entry = '  - {name: a, type: acme, models: [m], retries: "${N}"}'
    const env = { PROXY_API_ACME_API_KEY: key }
    expect((await configure(entry, { env: { ...env, N: '4' } })).problems).toEqual([])
    expect(created.at(-1)).toMatchObject({ retries: 4 })
    expect((await configure(entry, { env: { ...env, N: 'x-y-z' } })).problems).toEqual([
      'config.yaml:2:49 providers[0].retries: expected a number, found text (not shown)',
    ])
  })

  it('include those that create() refuses: one line, no secret', async () => {
    const { problems } = await configure('  - {name: a, type: acme, models: [m], region: west}', {
      env: { PROXY_API_ACME_API_KEY: key },
    })
    expect(problems).toEqual(['config.yaml:2:5 providers[0]: cannot be created: no west for [redacted]'])
  })
})

describe('a type that is not installed', () => {
  const load = Object.assign(
    async (type: string) => {
      throw new PluginNotFound(type)
    },
    { installed: () => false },
  )

  it('is a problem, also with `enabled: auto`', async () => {
    const { problems } = await configure(
      '  - {name: a, type: acne, models: [m]}\n  - {name: b, type: zebra_x, models: [m]}',
      { load },
    )
    expect(problems).toEqual([
      'config.yaml:2:21 providers[0].type: did you mean "acme"? Otherwise: provider type "acne" is not installed: npm install @llmproxy/provider-acne, or llmproxy-provider-acne',
      'config.yaml:3:21 providers[1].type: provider type "zebra_x" is not installed: npm install @llmproxy/provider-zebra-x, or llmproxy-provider-zebra-x',
    ])
  })

  it('is off as long as the key it names is not set, and its reason has the command', async () => {
    const entry = '  - {name: b, type: zebra_x, models: [m], api_key_env: K}'
    expect(await configure(entry, { load })).toMatchObject({
      ...none,
      off: ['b: set K; its package @llmproxy/provider-zebra-x is not installed'],
    })
    expect((await configure(entry, { load, env: { K: key } })).problems).toEqual([
      'config.yaml:2:21 providers[0].type: provider type "zebra_x" is not installed: npm install @llmproxy/provider-zebra-x, or llmproxy-provider-zebra-x',
    ])
  })

  it('is not even looked for when the provider is off', async () => {
    const forbidden = () => Promise.reject(new Error('loaded'))
    const { off, problems } = await configure(
      '  - {name: a, type: x, models: [m], enabled: false}\n  - {name: b, type: x, models: [m], api_key_env: K}',
      { load: forbidden },
    )
    expect({ off, problems }).toEqual({ off: ['a: enabled: false', 'b: set K'], problems: [] })
  })

  it('names the module when that is what cannot be loaded', async () => {
    const { problems } = await configure('  - {name: a, type: x, models: [m], module: ./x.js}', {
      load: () => Promise.reject(new Error('/plugins/x.js: Unexpected token\n  at stack')),
    })
    expect(problems).toEqual(['config.yaml:2:45 providers[0].module: /plugins/x.js: Unexpected token'])
  })
})

import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { checkConfig, type GatewayConfigInput, readConfig } from '@llmproxy/core'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toyPlugin } from '../../test/toy-plugin.ts'
import { startServer, type StartOptions } from '../start-server.ts'

const toy = { name: 'toy', type: 'toy', models: ['*'] }

interface Line {
  readonly level: string
  readonly msg: string
  readonly [field: string]: unknown
}

async function start(config: GatewayConfigInput = {}, options: Partial<StartOptions> = {}) {
  const file = join(mkdtempSync(join(tmpdir(), 'llmproxy-reload-')), 'log')
  const before: GatewayConfigInput = { port: 0, log_file: file, providers: [toy], ...config }
  const server = await startServer(checkConfig(before, {}), {
    plugins: [toyPlugin],
    version: '1.2.3',
    print: () => {},
    ...options,
  })
  onTestFinished(() => server.close())
  return {
    ...server,
    /** Reloads with some keys changed. */
    change: (changes: GatewayConfigInput, env?: Record<string, string>) =>
      server.reload(checkConfig({ ...before, ...changes }, env ?? {}), env),
    text: (yaml: string) => server.reload(readConfig(yaml, { file: 'config.yaml', env: {} })),
    /** `[reloads, failures, the gauge]` */
    counts: () => {
      const text = server.gateway.prometheus()
      const value = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
      return [
        value('llmproxy_config_reloads_total'),
        value('llmproxy_config_reload_failures_total'),
        value('llmproxy_config_reload_failed'),
      ]
    },
    lines: () =>
      readFileSync(file, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Line)
        .filter(({ msg }) => msg.startsWith('configuration')),
  }
}

describe('a reload', () => {
  test('logs what has changed, and what goes on as it was until the next start', async () => {
    const { change, close, lines } = await start()
    expect(await change({ request_timeout: 7 })).toEqual({ changed: ['request_timeout'], needsRestart: [] })
    await change({ request_timeout: 7, port: 1234, workers: 3 })
    await change({ port: 1234, providers: [{ ...toy, timeout: 9 }] })
    await change({})
    await close()
    expect(lines().map(({ level, changed, needs_restart }) => [level, changed, needs_restart])).toEqual([
      ['info', ['request_timeout'], []],
      ['warn', ['port', 'workers'], ['port', 'workers']],
      ['warn', ['request_timeout', 'workers', 'providers.toy.timeout'], ['port']],
      ['info', ['port', 'providers.toy.timeout'], []],
    ])
  })

  test('asks for no restart because of what the command line has decided', async () => {
    const { change } = await start({}, { host: '127.0.0.1', port: 0 })
    expect(await change({ host: '::1', port: 9999, log_file: 'x' })).toMatchObject({
      needsRestart: ['log_file'],
    })
  })

  test('takes the level of the log, and the client keys of the next request', async () => {
    const { change, url, close, lines } = await start({ log_level: 'ERROR' })
    await change({ log_level: 'ERROR', request_timeout: 7 })
    await change({ log_level: 'INFO', api_keys: ['a-key-of-a-client'] })
    expect((await fetch(`${url}/v1/models`)).status).toBe(401)
    expect((await fetch(`${url}/v1/models`, { headers: { 'x-api-key': 'a-key-of-a-client' } })).status).toBe(
      200,
    )
    await close()
    expect(lines()).toMatchObject([{ changed: ['api_keys', 'request_timeout', 'log_level'] }])
  })

  test('looks keys up in the environment that comes with it, and tells of those that have changed', async () => {
    const providers = [toy, { ...toy, name: 'keyed', api_key_env: 'TOY_KEY' }]
    const { change, gateway } = await start({ providers })
    expect(gateway.on.map(({ name }) => name)).toEqual(['toy'])
    const steps = [{ TOY_KEY: 'first-canary' }, { TOY_KEY: 'first-canary' }, { TOY_KEY: 'second-canary' }, {}]
    const changed = []
    for (const env of steps) {
      changed.push((await change({ providers }, env)).changed)
    }
    expect(changed).toEqual([
      ['providers.keyed.api_key'],
      [],
      ['providers.keyed.api_key'],
      ['providers.keyed.api_key'],
    ])
    expect(gateway.scrub('first-canary second-canary')).toBe('[redacted] [redacted]')
  })

  test('that has begun when the server is asked to leave, or comes later, is ignored', async () => {
    const { change, close, gateway, lines } = await start()
    const closed = close()
    expect(await change({ request_timeout: 7 })).toEqual({ changed: [], needsRestart: [] })
    await closed
    expect(gateway.config.request_timeout).toBe(300)
    expect(lines()).toEqual([])
  })

  test('warns of what looks wrong', async () => {
    const { change, close, lines } = await start()
    await change({ api_keys: ['changeme'], providers: [{ ...toy, models: [] }] })
    await close()
    const [line] = lines()
    expect(line).toMatchObject({ level: 'warn', msg: 'configuration reloaded' })
    expect(line?.['warnings']).toEqual([
      expect.stringMatching(/^providers\[0\]\.models: no models/),
      expect.stringContaining('a key that stands in documentation'),
    ])
  })
})

describe('a faulty configuration', () => {
  test('changes nothing, is logged with its place, and turns the gauge red until a good one comes', async () => {
    const { text, change, counts, gateway, close, lines } = await start()
    expect(counts()).toEqual([0, 0, 0])
    await expect(
      text('request_timeout: 7\nproviders:\n  - {name: a, type: absent, models: [m]}\n'),
    ).rejects.toThrow('npm install')
    await expect(text('request_timeout: [7\n')).rejects.toThrow('config.yaml:')
    await expect(text('request_timeout: 7\nprovders: []\n')).rejects.toThrow('did you mean')
    expect(counts()).toEqual([0, 3, 1])
    expect([gateway.config.request_timeout, gateway.on.map(({ name }) => name)]).toEqual([300, ['toy']])
    await change({ request_timeout: 8 })
    expect(counts()).toEqual([1, 3, 0])
    await close()
    expect(lines().map(({ level, problems }) => [level, problems])).toEqual([
      ['error', [expect.stringMatching(/^config\.yaml:3:\d+ providers\[0\]\.type: /)]],
      ['error', [expect.stringMatching(/^config\.yaml:\d+:\d+ /), ...([] as string[])]],
      ['error', [expect.stringMatching(/^config\.yaml:2:1 provders: unknown key/)]],
      ['info', undefined],
    ])
  })

  test.each([
    ['the address it listens on', '0.0.0.0', 'port: 0\nhost: 127.0.0.1\nproviders: []\n', 1],
    ['the address that it would have listened on', '127.0.0.1', 'port: 0\nhost: 0.0.0.0\nproviders: []\n', 1],
    ['a key that stands in documentation', '0.0.0.0', 'port: 0\nhost: 0.0.0.0\napi_keys: [changeme]\n', 3],
  ])('is one that would let other machines in: %s', async (_, host, yaml, line) => {
    const { text, counts, url, close, lines } = await start({ host, api_keys: ['a-key-of-a-client'] })
    await expect(text(yaml)).rejects.toThrow('can be reached from other machines')
    expect(counts()).toEqual([0, 1, 1])
    const port = new URL(url).port
    expect((await fetch(`http://127.0.0.1:${port}/v1/models`)).status).toBe(401)
    await close()
    expect(lines()).toMatchObject([{ problems: [expect.stringContaining(`config.yaml:${line}:`) as string] }])
  })
})

import { checkConfig, createGateway, formatProblem, readConfig } from '@llmproxy/core'
import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import {
  chat,
  completion,
  fakeUpstream,
  message,
  provider,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const env = { OOPS: 'correct-horse-battery' }

function problems(text: string): string {
  return readConfig(text, { file: 'config.yaml', env }).problems.map(formatProblem).join('\n')
}

test.each([
  ["providers: [{name: '${OOPS}', type: mock}, {name: '${OOPS}', type: mock}]", 'providers[1].name'],
  ["providers: [{name: a, type: mock, models: ['${OOPS}', '${OOPS}']}]", 'providers[0].models[1]'],
  [
    "providers: [{name: a, type: mock, models: [{id: '${OOPS}'}, {id: '${OOPS}'}]}]",
    'providers[0].models[1]',
  ],
])('a value of the environment is not printed when it stands twice: %s', (text, path) => {
  expect(problems(text)).toContain(`${path}: this text (not shown) is already`)
  expect(problems(text)).not.toContain(env.OOPS)
})

test.each(['content-length', 'Transfer-Encoding', 'connection', 'te', 'Upgrade'])(
  'the configuration cannot set the header %s of upstream requests',
  (name) => {
    const custom_headers = { [name]: '5' }
    const { config, problems: found } = checkConfig(
      { providers: [provider('a', 'http://127.0.0.1:9', { custom_headers })] },
      {},
    )
    expect(config).toBeUndefined()
    expect(found.map(formatProblem).join()).toContain('how a request is transmitted')
  },
)

test('a request with thousands of unknown fields writes a short log line', async () => {
  const upstream = await fakeUpstream((_, response) => sendJson(response, 200, message()))
  const { operations: _operations, ...rest } = provider('a', upstream.url)
  const proxy = await startProxy({ providers: [{ ...rest, type: 'anthropic', base_url: upstream.url }] })
  const names = Array.from({ length: 5000 }, (_entry, index) => `${'x'.repeat(200)}${index}`)
  const unknown = Object.fromEntries(names.map((name) => [name, 1]))
  expect((await chat(proxy.url, unknown)).status).toBe(200)
  expect(proxy.requests[0]).toMatchObject({ dropped_count: 5000 })
  expect(JSON.stringify(proxy.requests[0]).length).toBeLessThan(4000)
})

test('a plugin whose schema throws what it was given shows no key', async () => {
  const plugin: ProviderPlugin = {
    apiVersion: 1,
    type: 'loud',
    options: {
      '~standard': {
        version: 1,
        vendor: 'none',
        validate: (options) => {
          throw new Error(JSON.stringify(options))
        },
      },
    },
    create: () => {
      throw new Error('never reached')
    },
  }
  const providers = [{ name: 'a', type: 'loud', models: ['m'], api_key: env.OOPS }]
  const failure = await createGateway({ providers }, { plugins: [plugin] }).catch(String)
  expect(failure).toContain('failed to check its options')
  expect(failure).not.toContain(env.OOPS)
})

test('a token count beyond reason does not poison the counters', async () => {
  const usage = { prompt_tokens: 1e308, completion_tokens: 2, total_tokens: 1e308 }
  const upstream = await fakeUpstream((_, response) => sendJson(response, 200, { ...completion(), usage }))
  const proxy = await startProxy({ providers: [provider('a', upstream.url)] })
  expect((await chat(proxy.url)).status).toBe(200)
  expect(proxy.gateway.metrics().summary.total_tokens).toBeLessThan(1e9)
})

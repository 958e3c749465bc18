import { expect, test } from 'vitest'
import {
  failing,
  type FakeUpstream,
  fakeUpstream,
  healthy,
  pair,
  paths,
  provider,
  send,
  startProxy,
} from './support.ts'

const keys = { first: 'key-of-the-first-vendor', second: 'key-of-the-second-vendor' }
const body = `{"temperature":1.0 ,"model":"m","messages":[{"role":"system","content":"s"},{"role":"user","content":"\\u00e9"}],"seed":12345678901234567890}`

const anthropic = (url: string) => ({
  name: 'first',
  type: 'anthropic',
  base_url: url,
  api_key: keys.first,
  models: ['m'],
  max_retries: 1,
  retry_delay: 0.001,
  custom_headers: { 'x-only-first': 'yes' },
})

function headersOf({ requests }: FakeUpstream) {
  return requests.map(({ headers }) => headers)
}

test('an OpenAI-wire provider after a Messages one gets its own path and key, and the body of the client', async () => {
  const first = await fakeUpstream(failing(529))
  const second = await fakeUpstream(healthy('second'))
  const providers = pair(anthropic(first.url), provider('second', second.url, { api_key: keys.second }))
  const proxy = await startProxy({ providers })
  const sent = { 'anthropic-version': '2023-06-01', 'anthropic-beta': 'x', 'x-api-key': 'key-of-the-client' }
  const { text } = await send(proxy.url, paths.chat, { body, headers: sent })
  expect(text).toContain('second')
  expect(first.requests.map(({ path }) => path)).toEqual(['/v1/messages', '/v1/messages'])
  expect(headersOf(first)[0]).toMatchObject({ 'x-api-key': keys.first, 'x-only-first': 'yes' })

  const [request] = second.requests
  expect(request?.path).toBe('/v1/chat/completions')
  expect(request?.body.toString()).toBe(body)
  expect(request?.headers['authorization']).toBe(`Bearer ${keys.second}`)
  const names = Object.keys(request?.headers ?? {})
  expect(names.filter((name) => /^anthropic|x-api-key|x-only-first/.test(name))).toEqual([])
  expect(JSON.stringify(request?.rawHeaders)).not.toContain(keys.first)
})

test('and the other way round', async () => {
  const first = await fakeUpstream(failing(500))
  const second = await fakeUpstream(healthy('second'))
  const providers = pair(
    provider('b', first.url, {
      api_key: keys.second,
      max_retries: 0,
      custom_headers: { 'x-only-second': 'yes' },
    }),
    { ...anthropic(second.url), custom_headers: {} },
  )
  const proxy = await startProxy({ providers })
  expect((await send(proxy.url, paths.chat, { body })).text).toContain('second')
  const [request] = second.requests
  expect(request?.path).toBe('/v1/messages')
  expect(request?.headers['x-api-key']).toBe(keys.first)
  expect(request?.headers['authorization']).toBeUndefined()
  expect(request?.headers['x-only-second']).toBeUndefined()
  expect(JSON.parse(request?.body.toString() ?? '')).toMatchObject({
    model: 'm',
    messages: [{ role: 'user' }],
  })
})

test('each provider gets its own model name and its own shape of the same body', async () => {
  const first = await fakeUpstream(failing(500))
  const second = await fakeUpstream(healthy())
  const renamed = {
    models: [{ id: 'm', upstream: 'first-model' }],
    max_tokens_field: 'max_completion_tokens',
    max_retries: 1,
  }
  const providers = pair(
    provider('a', first.url, renamed),
    provider('b', second.url, { models: [{ id: 'm', upstream: 'second-model' }] }),
  )
  const proxy = await startProxy({ providers })
  const asked = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'x' }] }
  await send(proxy.url, paths.chat, { body: asked })
  const [one, retry] = first.requests.map((request) => JSON.parse(request.body.toString()) as unknown)
  expect(one).toEqual({ model: 'first-model', max_completion_tokens: 5, messages: asked.messages })
  expect(retry).toEqual(one)
  expect(JSON.parse(second.requests[0]!.body.toString())).toEqual({ ...asked, model: 'second-model' })
})

test('fields dropped for the first provider are not reported for the answer of the second', async () => {
  const first = await fakeUpstream(failing(529))
  const second = await fakeUpstream(healthy())
  const proxy = await startProxy({
    providers: pair({ ...anthropic(first.url), max_retries: 0 }, provider('b', second.url)),
  })
  const asked = { model: 'm', logit_bias: { '1': 1 }, messages: [{ role: 'user', content: 'x' }] }
  const { status, headers } = await send(proxy.url, paths.chat, { body: asked })
  expect(status).toBe(200)
  expect(headers['x-llmproxy-dropped']).toBeUndefined()
})

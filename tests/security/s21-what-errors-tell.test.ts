import { expect, test } from 'vitest'
import {
  chat,
  errorBody,
  failing,
  fakeUpstream,
  healthy,
  pair,
  provider,
  refusingUrl,
  send,
  sendJson,
  startProxy,
} from '../reliability/support.ts'

const patient = { max_retries: 0, circuit_breaker_threshold: 1000 }

/** What only the operator knows of this gateway. */
function inside(url: string): readonly RegExp[] {
  return [
    new RegExp(new URL(url).port),
    /127\.0\.0\.1|localhost/,
    /upstream-key/,
    /\/tmp\/|\/home\/|node_modules|\.ts:\d|\bat \S+ \(/,
    /undici|fastify|ECONN|ENOTFOUND|errno/i,
  ]
}

function expectNothingOf(url: string, texts: readonly string[]) {
  for (const text of texts) for (const pattern of inside(url)) expect(text).not.toMatch(pattern)
}

test('no failure shows an address, a path, a stack or what the gateway is made of', async () => {
  const dead = await refusingUrl()
  const texts: string[] = []
  const urls = [dead]
  for (const status of [400, 401, 403, 404, 429, 500, 502, 503]) {
    const upstream = await fakeUpstream(failing(status))
    urls.push(upstream.url)
    const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
    for (const stream of [false, true]) texts.push((await chat(proxy.url, { stream })).text)
  }
  const proxy = await startProxy({
    providers: pair(provider('a', dead, patient), provider('b', dead, patient)),
  })
  texts.push((await chat(proxy.url)).text, (await send(proxy.url, '/providers', { method: 'GET' })).text)
  texts.push((await send(proxy.url, '/health', { method: 'GET' })).text)
  expect(texts.length).toBeGreaterThan(15)
  for (const url of urls) expectNothingOf(url, texts)
})

test('who was tried is told by default, and not with `error_details: false`', async () => {
  const upstream = await fakeUpstream(failing(500))
  const providers = pair(
    provider('first-name', upstream.url, patient),
    provider('second-name', upstream.url, patient),
  )
  const telling = await startProxy({ providers })
  const silent = await startProxy({ providers, error_details: false })
  const told = await chat(telling.url)
  expect(told.status).toBe(503)
  expect(JSON.parse(told.text)).toMatchObject({
    error: { details: { attempts: 2, providers_tried: ['first-name', 'second-name'] } },
  })
  const kept = await chat(silent.url)
  expect(kept.status).toBe(503)
  expect(kept.text).not.toMatch(/first-name|second-name|details/)
})

test('a client without a key learns nothing but that it needs one', async () => {
  const upstream = await fakeUpstream(healthy())
  const { url } = await startProxy({
    providers: [provider('inner-name', upstream.url)],
    api_keys: [{ key: 'the-key-of-a-client', name: 'team' }],
  })
  for (const path of [
    '/health',
    '/metrics',
    '/providers',
    '/v1/models',
    '/v1/models/m',
    '/livez',
    '/readyz',
    '/x',
  ]) {
    const { text, headers } = await send(url, path, { method: 'GET' })
    const all = text + JSON.stringify(headers)
    expect(all).not.toMatch(/inner-name|team|"m"|llmproxy-provider|fastify|x-powered-by|"server"/)
  }
})

test('a vendor’s text about our account reaches the client without the key in it', async () => {
  const told =
    'Rate limit reached for m in organization on tokens per min. Key upstream-key-of-a, sk-proj-abcdef123456789012.'
  const upstream = await fakeUpstream((_request, response) => sendJson(response, 429, errorBody(told)))
  const proxy = await startProxy({ providers: [provider('a', upstream.url, patient)] })
  const { text } = await chat(proxy.url)
  expect(text).toContain('tokens per min')
  expect(text).not.toMatch(/upstream-key-of-a|sk-proj/)
})

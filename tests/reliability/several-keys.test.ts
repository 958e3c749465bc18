import { expect, test } from 'vitest'
import { failing, healthy } from './support/answers.ts'
import { chat } from './support/client.ts'
import { type Answer, fakeUpstream } from './support/fake-upstream.ts'
import { provider, startProxy } from './support/proxy.ts'

/** Answers by the key that it sees. */
function byKey(answers: Readonly<Record<string, Answer>>): Answer {
  return (request, response) => {
    const key = String(request.headers.authorization).replace('Bearer ', '')
    answers[key]!(request, response)
  }
}

test('a refused key is retired, and the request answered with the next one', async () => {
  const upstream = await fakeUpstream(byKey({ 'key-one': failing(401), 'key-two': healthy() }))
  const { api_key: _key, ...entry } = provider('vendor', upstream.url) as Record<string, unknown>
  const env = { FIRST: 'key-one', SECOND: 'key-two' }
  const proxy = await startProxy(
    { providers: [{ ...entry, api_key_env: ['FIRST', 'SECOND'] }] as never },
    { env },
  )
  const reply = await chat(proxy.url)
  expect(reply.status).toBe(200)
  expect((await chat(proxy.url)).status).toBe(200)
  expect(upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
    'Bearer key-one',
    'Bearer key-two',
    'Bearer key-two',
  ])
})

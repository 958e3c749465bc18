import { expect, test } from 'vitest'
import { fakeUpstream, healthy, paths, provider, send, startProxy } from '../reliability/support.ts'

const rest = '"messages":[{"role":"user","content":"Hi"}]'

async function gateway() {
  const upstream = await fakeUpstream(healthy())
  const models = ['cheap', { id: 'alias', upstream: 'real' }]
  const proxy = await startProxy({ providers: [provider('a', upstream.url, { models })] })
  return { upstream, ask: (body: string) => send(proxy.url, paths.chat, { headers: json, body }) }
}

const json = { 'content-type': 'application/json' }

test.each([
  `{"model":"dear",${rest},"model":"cheap"}`,
  `{"model":"cheap",${rest},"model":"cheap"}`,
  `{"model":"dear",${rest},"model":"alias"}`,
  String.raw`{"mod\u0065l":"dear",${rest},"model":"cheap"}`,
  String.raw`{"\u006D\u006f\u0064\u0065\u006C":"dear",${rest},"model":"cheap"}`,
  `{"model":"cheap",${rest},"Model":"dear"}`,
  `{"MODEL":"dear",${rest},"model":"alias"}`,
])('a body that leaves open which model is meant is refused: %s', async (body) => {
  const { ask, upstream } = await gateway()
  const { status, text } = await ask(body)
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({ error: { code: 'ambiguous_model' } })
  expect(upstream.requests).toHaveLength(0)
})

test.each([
  `{"model":"cheap",${rest},"metadata":{"model":"x","Model":"y"}}`,
  String.raw`{"mod\u0065l":"cheap",${rest}}`,
  String.raw`{"model":"cheap","messages":[{"role":"user","content":"\"model\" \"model\" \u0065"}]}`,
])('a body that names its model once is served: %s', async (body) => {
  const { ask, upstream } = await gateway()
  expect((await ask(body)).status).toBe(200)
  expect(upstream.requests[0]?.body.toString()).toBe(body)
})

import { expect, test } from 'vitest'
import { chat, fakeUpstream, healthy, provider, send, startProxy } from '../reliability/support.ts'

/** What stands for many things somewhere: globs, regular expressions, SQL, templates. */
const patterns = [
  '*',
  'm*',
  '%',
  'm%',
  '_',
  '?',
  '.',
  '.*',
  'm.?',
  '[a-z]',
  'm|n',
  '^m$',
  '(m)',
  'm{1}',
  '{m,n}',
  '**',
]

test.each(patterns)(
  'a client’s %s is the name of a model, and nothing is looked for with it',
  async (pattern) => {
    const upstream = await fakeUpstream(healthy())
    const { url } = await startProxy({
      providers: [provider('a', upstream.url, { models: ['m', 'other-*'] })],
    })
    expect((await chat(url, { model: pattern })).status).toBe(404)
    expect((await chat(url, { model: `a/${pattern}` })).status).toBe(404)
    expect((await send(url, `/v1/models/${encodeURIComponent(pattern)}`, { method: 'GET' })).status).toBe(404)
    expect((await chat(url, { model: `other-${pattern}` })).status).toBe(200)
    const [request] = upstream.requests
    expect(JSON.parse(request!.body.toString())).toMatchObject({ model: `other-${pattern}` })
  },
)

test('a pattern of the configuration is matched in time that does not grow with the name', async () => {
  const upstream = await fakeUpstream(healthy())
  const models = Array.from({ length: 2000 }, (_, index) => `${'a'.repeat(100)}${index}*`)
  const { url } = await startProxy({ providers: [provider('a', upstream.url, { models })] })
  const begun = performance.now()
  for (let index = 0; index < 20; index++) {
    expect((await chat(url, { model: `${'a'.repeat(255)}!` })).status).toBe(404)
  }
  expect(performance.now() - begun).toBeLessThan(2000)
})

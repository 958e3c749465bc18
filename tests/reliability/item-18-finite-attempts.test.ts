import { expect, test } from 'vitest'
import { ask, chat, failing, fakeUpstream, paths, provider, refusingUrl, startProxy } from './support.ts'

const names = ['a', 'b', 'c'] as const

async function three(status: number, more: object = {}, config: object = {}) {
  const upstreams = await Promise.all(names.map(() => fakeUpstream(failing(status))))
  const providers = upstreams.map(({ url }, index) =>
    provider(names[index]!, url, { priority: index + 1, ...more }),
  )
  const proxy = await startProxy({ providers, ...config })
  return { proxy, counts: () => upstreams.map(({ requests }) => requests.length) }
}

test.each(Object.keys(paths) as (keyof typeof paths)[])(
  '%s: without retries each provider is asked once',
  async (operation) => {
    const { proxy, counts } = await three(500, { max_retries: 0 })
    const { status, text } = await ask(proxy.url, operation)
    expect(status).toBe(503)
    expect(JSON.parse(text)).toMatchObject({
      error: {
        code: 'providers_unavailable',
        type: 'service_unavailable_error',
        details: { attempts: 3, providers_tried: ['a', 'b', 'c'] },
      },
    })
    expect(counts()).toEqual([1, 1, 1])
  },
)

test('with retries each provider is asked once more, while the budget of the request lasts', async () => {
  const roomy = await three(500, { max_retries: 1 }, { max_attempts: 10 })
  expect((await chat(roomy.proxy.url)).status).toBe(503)
  expect(roomy.counts()).toEqual([2, 2, 2])
  const tight = await three(500, { max_retries: 10 }, { max_attempts: 5 })
  expect((await chat(tight.proxy.url)).status).toBe(503)
  expect(tight.counts().reduce((sum, count) => sum + count)).toBe(5)
})

test('every provider rate limited: 429, each asked once', async () => {
  const { proxy, counts } = await three(429)
  const { status, headers } = await chat(proxy.url)
  expect(status).toBe(429)
  expect(headers['content-type']).toMatch(/^application\/json/)
  expect(counts()).toEqual([1, 1, 1])
})

test("the client's mistake ends the route at its first provider", async () => {
  const { proxy, counts } = await three(400)
  expect((await chat(proxy.url)).status).toBe(400)
  expect(counts()).toEqual([1, 0, 0])
})

test('failing takes no time of its own: a hundred failed requests of three dead providers', async () => {
  const url = await refusingUrl()
  const providers = names.map((name) =>
    provider(name, url, { max_retries: 0, circuit_breaker_threshold: 1000 }),
  )
  const proxy = await startProxy({ providers })
  const before = process.cpuUsage()
  for (let index = 0; index < 100; index++) expect((await chat(proxy.url)).status).toBe(503)
  const { user, system } = process.cpuUsage(before)
  expect((user + system) / 1000 / 100).toBeLessThan(50)
})

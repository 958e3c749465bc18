import { expect, test } from 'vitest'
import { chat, failing, healthy, metric, pair, provider, type Proxy, startProxy } from './support.ts'
import { type Changeable, changeable, skippingClock } from './support/breaking.ts'

/** Asks once for each letter: `F` fails, `S` succeeds, `L` is rate limited for a moment. Answers with the statuses. */
async function play(proxy: Proxy, upstream: Changeable, letters: string, model = 'm'): Promise<number[]> {
  const statuses: number[] = []
  for (const letter of letters) {
    if (letter === 'L') upstream.turn(failing(429, { 'retry-after-ms': '0' }))
    else upstream.turn(letter === 'F' ? failing(500) : healthy())
    statuses.push((await chat(proxy.url, { model })).status)
  }
  return statuses
}

const isOpen = async (proxy: Proxy, name: string) =>
  (await metric(proxy, 'llmproxy_breaker_state', { provider: name })) === 2

test('with a window failures count that are not in a row; a provider may do without it', async () => {
  const { clock, skip } = skippingClock()
  const [first, second] = [await changeable(healthy()), await changeable(healthy())]
  const providers = [
    provider('a', first.url, { max_retries: 0 }),
    provider('b', second.url, { max_retries: 0, models: ['n'], circuit_breaker_window: 0 }),
  ]
  const settings = {
    circuit_breaker_threshold: 3,
    circuit_breaker_timeout: 30,
    circuit_breaker_window: 60,
  }
  const proxy = await startProxy({ ...settings, providers }, { clock })
  expect(await play(proxy, first, 'FSFS')).toEqual([502, 200, 502, 200])
  expect(await isOpen(proxy, 'a')).toBe(false)
  skip(61)
  // What is older than the window does not count; nor do three failures among seven attempts suffice.
  await play(proxy, first, 'SSSSFFF')
  expect(await isOpen(proxy, 'a')).toBe(false)
  expect(await play(proxy, first, 'FS')).toEqual([502, 503])
  expect(await isOpen(proxy, 'a')).toBe(true)
  expect(await play(proxy, second, 'FSFSFSFSFS', 'n')).toEqual(
    Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 502 : 200)),
  )
  expect(await isOpen(proxy, 'b')).toBe(false)
})

test('each provider may have limits of its own', async () => {
  const { clock, skip } = skippingClock()
  const [first, second] = [await changeable(healthy()), await changeable(healthy())]
  const own = { circuit_breaker_threshold: 4, circuit_breaker_timeout: 10 }
  const providers = [
    provider('a', first.url, { max_retries: 0, ...own }),
    provider('b', second.url, { max_retries: 0, models: ['n'] }),
  ]
  const settings = { circuit_breaker_threshold: 2, circuit_breaker_timeout: 50 }
  const proxy = await startProxy({ ...settings, providers }, { clock })
  expect(await play(proxy, first, 'FFFFS')).toEqual([502, 502, 502, 502, 503])
  expect(await play(proxy, second, 'FFS', 'n')).toEqual([502, 502, 503])
  skip(10)
  expect(await play(proxy, first, 'S')).toEqual([200])
  expect(await play(proxy, second, 'S', 'n')).toEqual([503])
  skip(40)
  expect(await play(proxy, second, 'S', 'n')).toEqual([200])
})

test('a rate limit is no failure, and no success either', async () => {
  const upstream = await changeable(healthy())
  const proxy = await startProxy({
    circuit_breaker_threshold: 2,
    providers: [provider('a', upstream.url, { max_retries: 0 })],
  })
  expect(await play(proxy, upstream, 'FLLLS')).toEqual([502, 429, 429, 429, 200])
  expect(await play(proxy, upstream, 'FLF')).toEqual([502, 429, 502])
  expect(await isOpen(proxy, 'a')).toBe(true)
})

test('the last provider that is left is not closed by rate limits alone', async () => {
  const [first, second] = [await changeable(failing(500)), await changeable(failing(429))]
  const breaking = { max_retries: 0, circuit_breaker_threshold: 1, circuit_breaker_timeout: 600 }
  const providers = pair(provider('a', first.url, breaking), provider('b', second.url, breaking))
  const proxy = await startProxy({ providers })
  const statuses: number[] = []
  for (let index = 0; index < 6; index += 1) statuses.push((await chat(proxy.url)).status)
  // What ended a request that asked one provider is that provider's answer.
  expect(statuses).toEqual([503, 429, 429, 429, 429, 429])
  expect([first.requests.length, second.requests.length]).toEqual([1, 6])
  second.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
  // The vendor's own word is kept.
  second.turn(failing(429, { 'retry-after': '7' }))
  await chat(proxy.url)
  const { status, headers } = await chat(proxy.url)
  expect([status, headers['retry-after']]).toEqual([503, '7'])
  expect([first.requests.length, second.requests.length]).toEqual([1, 8])
})

test('all rate limited: 429 with the time to wait, and nobody is asked meanwhile when the vendors named it', async () => {
  // Longer than the gateway waits itself.
  const limited = () => failing(429, { 'retry-after': '60' })
  const [first, second] = [await changeable(limited()), await changeable(limited())]
  const providers = pair(provider('a', first.url), provider('b', second.url))
  const proxy = await startProxy({ providers })
  for (let index = 0; index < 3; index += 1) {
    const { status, headers } = await chat(proxy.url)
    expect([status, headers['retry-after']]).toEqual([429, '60'])
  }
  expect([first.requests.length, second.requests.length]).toEqual([1, 1])
})

test('all rate limited without a word for how long: the first is asked all the same, and serves as soon as it can', async () => {
  const [first, second] = [await changeable(failing(429)), await changeable(failing(429))]
  const proxy = await startProxy({ providers: pair(provider('a', first.url), provider('b', second.url)) })
  expect((await chat(proxy.url)).status).toBe(429)
  expect((await chat(proxy.url)).status).toBe(429)
  first.turn(healthy())
  expect((await chat(proxy.url)).status).toBe(200)
  expect([first.requests.length, second.requests.length]).toEqual([3, 1])
})

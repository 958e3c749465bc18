import { expect, test } from 'vitest'
import { skippingClock } from '../reliability/support/breaking.ts'
import { chat, type Reply, sleep, start, until } from '../reliability/support.ts'
import {
  settled,
  condensingConfig,
  conversation,
  expectLeft,
  hangs,
  says,
  scripted,
  startCondensing,
} from './support/scripted.ts'

const messages = conversation()

function sourceOf({ text }: Reply): string | undefined {
  const { _proxy_info: info } = JSON.parse(text) as { _proxy_info: { condensed?: { source?: string } } }
  return info.condensed?.source
}

/** A gateway whose summariser answers when the test says so. */
async function summarising() {
  let answer = () => {}
  const upstream = await scripted({
    summary: (request, response) => void (answer = () => says('before')(request, response)),
  })
  const proxy = await startCondensing([upstream], { timeout: 5 })
  return { upstream, proxy, answer: () => answer() }
}

test('a request finishes with the configuration that it began with, and its summary as well', async () => {
  const { upstream, proxy, answer } = await summarising()
  const reply = chat(proxy.url, { messages })
  await until(() => upstream.summaries.length === 1)
  const elsewhere = await scripted()
  const report = await proxy.gateway.reload(condensingConfig([{ ...elsewhere }], { enabled: false }))
  expect(report.changed.length).toBeGreaterThan(0)
  answer()
  expect(sourceOf(await reply)).toBe('made')
  expect([upstream.asked.length, upstream.summaries.length, elsewhere.requests.length]).toEqual([2, 1, 0])
  await expectLeft(upstream)
})

test('requests of before and after a reload share a summary, and its connections stay as long', async () => {
  const { upstream, proxy, answer } = await summarising()
  const first = start(proxy.url, '/v1/chat/completions', { model: 'm', messages })
  await until(() => upstream.summaries.length === 1)
  const elsewhere = await scripted({ summary: hangs })
  await proxy.gateway.reload(condensingConfig([{ ...elsewhere }]))
  const second = chat(proxy.url, { messages })
  await settled(elsewhere, 1)
  // The last request of the configuration of before is gone, but not what it has begun.
  first.leave()
  await until(() => proxy.requests.length === 1)
  answer()
  expect(sourceOf(await second)).toBe('shared')
  expect([upstream.summaries.length, elsewhere.summaries.length, elsewhere.asked.length]).toEqual([1, 0, 2])
  await expectLeft(upstream)
})

test('a summary in several calls makes all of them with the connections that it began with', async () => {
  const answers: (() => void)[] = []
  const upstream = await scripted({
    summary: (request, response) => void answers.push(() => says('before')(request, response)),
  })
  const summariser = { models: [{ id: 's', context_window: 1_200 }] }
  const proxy = await startCondensing([upstream, { url: upstream.url, entry: summariser }], {
    model: 's',
    timeout: 5,
  })
  const first = start(proxy.url, '/v1/chat/completions', { model: 'm', messages })
  await until(() => answers.length > 1)
  const elsewhere = await scripted({ summary: hangs })
  await proxy.gateway.reload(
    condensingConfig([{ ...elsewhere }, { url: elsewhere.url, entry: summariser }], { model: 's' }),
  )
  const second = chat(proxy.url, { messages })
  await settled(elsewhere, 1)
  first.leave()
  await until(() => proxy.requests.length === 1)
  const begun = answers.length
  while (proxy.requests.length < 2) {
    for (const answer of answers.splice(0)) answer()
    await sleep(5)
  }
  expect(sourceOf(await second)).toBe('shared')
  expect([upstream.summaries.length > begun, elsewhere.summaries.length]).toEqual([true, 0])
  await expectLeft(upstream)
})

test('summaries survive a reload, for as long as the new configuration says', async () => {
  const upstream = await scripted()
  const { clock, skip } = skippingClock()
  const proxy = await startCondensing([upstream], { cache_ttl: 300 }, { clock })
  const use = (condensation: object) => proxy.gateway.reload(condensingConfig([upstream], condensation))
  const source = async () => sourceOf(await chat(proxy.url, { messages }))
  expect(await source()).toBe('made')
  skip(60)
  await use({ cache_ttl: 120 })
  expect(await source()).toBe('cache')
  await use({ cache_ttl: 50 })
  expect(await source()).toBe('made')
  // What is switched off forgets.
  await use({ enabled: false })
  expect((await chat(proxy.url, { messages })).status).toBe(400)
  await use({ cache_ttl: 300 })
  expect(await source()).toBe('made')
  expect(upstream.summaries.length).toBe(3)
})

test('a configuration that is refused changes nothing', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream])
  expect(sourceOf(await chat(proxy.url, { messages }))).toBe('made')
  await expect(proxy.gateway.reload(condensingConfig([upstream], { cache_ttl: -1 }))).rejects.toThrow()
  expect(sourceOf(await chat(proxy.url, { messages }))).toBe('cache')
})

import { expect, test } from 'vitest'
import { skippingClock } from '../reliability/support/breaking.ts'
import { ask, chat, failing, type Reply, until } from '../reliability/support.ts'
import {
  settled,
  conversation,
  inUse,
  messagesOf,
  nothing,
  says,
  scripted,
  startCondensing,
} from './support/scripted.ts'

const messages = conversation()

function condensedOf({ text }: Reply): { kind: string; source?: string } | undefined {
  return (JSON.parse(text) as { _proxy_info: { condensed?: { kind: string } } })._proxy_info.condensed
}

const sourceOf = (reply: Reply) => condensedOf(reply)?.source

/** A summariser that answers when the test says so. */
async function waiting() {
  const answers: (() => void)[] = []
  const upstream = await scripted({
    summary: (request, response) => void answers.push(() => says('what was said before')(request, response)),
  })
  return { upstream, answer: () => answers.splice(0).forEach((each) => each()) }
}

test('a summary is made once, kept for its time, and made again', async () => {
  const upstream = await scripted()
  const { clock, skip } = skippingClock()
  const proxy = await startCondensing([upstream], { cache_ttl: 60 }, { clock })
  expect(sourceOf(await chat(proxy.url, { messages }))).toBe('made')
  skip(59)
  const again = await chat(proxy.url, { messages })
  expect([condensedOf(again), upstream.summaries.length]).toEqual([
    expect.objectContaining({ kind: 'summary', source: 'cache' }),
    1,
  ])
  // What the model was sent is the same, to the byte.
  expect(upstream.asked[3]!.body.equals(upstream.asked[1]!.body)).toBe(true)
  skip(2)
  expect(sourceOf(await chat(proxy.url, { messages }))).toBe('made')
  expect(upstream.summaries.length).toBe(2)
})

test('of a text prompt as well', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream])
  const prompt = 'word '.repeat(2_000)
  const replies = [
    await ask(proxy.url, 'completions', { prompt }),
    await ask(proxy.url, 'completions', { prompt }),
  ]
  expect(replies.map(sourceOf)).toEqual(['made', 'cache'])
  const sent = JSON.parse(upstream.asked[1]!.body.toString()) as { prompt: string }
  expect([upstream.summaries.length, sent.prompt]).toEqual([1, 'Resumo: what was said before'])
})

test('with cache_ttl: 0 none is kept', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream], { cache_ttl: 0 })
  for (const count of [1, 2]) {
    expect(sourceOf(await chat(proxy.url, { messages }))).toBe('made')
    expect(upstream.summaries.length).toBe(count)
  }
})

test('the next turn of a conversation summarises only what is new', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([upstream])
  await chat(proxy.url, { messages })
  const long = 'word '.repeat(1_200)
  const next = [
    ...messages,
    { role: 'assistant', content: `new: ${long}` },
    { role: 'user', content: 'Go on.' },
  ]
  expect(sourceOf(await chat(proxy.url, { messages: next }))).toBe('made')
  const [, second] = upstream.summaries.map(({ body }) => body.toString())
  expect(second).toContain('what was said before')
  expect(second).toContain('new: word')
  expect(second).not.toContain('question 5 about')
})

test('twenty equal requests at once have one summary', async () => {
  const { upstream, answer } = await waiting()
  const proxy = await startCondensing([upstream])
  const replies = Array.from({ length: 20 }, () => chat(proxy.url, { messages }))
  await settled(upstream, 20)
  answer()
  const all = await Promise.all(replies)
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  const sources = Object.groupBy(all.map(sourceOf), (source) => source ?? 'none')
  expect([sources['made']?.length, sources['shared']?.length, sources['cache']?.length]).toEqual([
    1,
    19,
    undefined,
  ])
  expect([upstream.summaries.length, upstream.asked.length]).toEqual([1, 40])
  expect(inUse(proxy)).toEqual(nothing)
})

test('when it fails all of them go on without one, and it is not tried again by each', async () => {
  let fail = () => {}
  const upstream = await scripted({
    summary: (request, response) => void (fail = () => failing(500)(request, response)),
  })
  const proxy = await startCondensing([upstream])
  const waiting = Array.from({ length: 20 }, () => chat(proxy.url, { messages }))
  await settled(upstream, 20)
  fail()
  const replies = await Promise.all(waiting)
  expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
  expect(new Set(replies.map((reply) => condensedOf(reply)?.kind))).toEqual(new Set(['truncated']))
  expect([upstream.summaries.length, upstream.asked.length]).toEqual([1, 40])
})

test('two callers with the same conversation have two summaries, at once and later', async () => {
  const names = ['one', 'two']
  const keyOf = (name: string) => ({ authorization: `Bearer key-of-client-${name}-123` })
  const api_keys = names.map((name) => ({ name, key: `key-of-client-${name}-123` }))
  const { upstream, answer } = await waiting()
  const proxy = await startCondensing([upstream], {}, { config: { api_keys } })
  const replies = names.map((name) => chat(proxy.url, { messages }, keyOf(name)))
  await until(() => upstream.summaries.length === 2)
  answer()
  expect((await Promise.all(replies)).map(sourceOf)).toEqual(['made', 'made'])
  const later = await Promise.all(names.map((name) => chat(proxy.url, { messages }, keyOf(name))))
  expect([later.map(sourceOf), upstream.summaries.length]).toEqual([['cache', 'cache'], 2])
})

test('what one caller was told is never in what another one’s model gets', async () => {
  const api_keys = ['one', 'two'].map((name) => ({ name, key: `key-of-client-${name}-123` }))
  let made = 0
  const upstream = await scripted({
    summary: (request, response) => says(`summary number ${(made += 1)}`)(request, response),
  })
  const proxy = await startCondensing([upstream], {}, { config: { api_keys } })
  for (const name of ['one', 'two', 'one', 'two'])
    await chat(proxy.url, { messages }, { 'x-api-key': `key-of-client-${name}-123` })
  const told = upstream.asked.flatMap((request) => {
    const text = JSON.stringify(messagesOf(request))
    return /summary number (\d)/.exec(text)?.[1] ?? []
  })
  expect(told).toEqual(['1', '2', '1', '2'])
})

test('nor is a summary for one model used for another', async () => {
  const upstream = await scripted()
  const proxy = await startCondensing([{ ...upstream, entry: { models: ['m', 'n'] } }])
  for (const model of ['m', 'n']) expect(sourceOf(await chat(proxy.url, { model, messages }))).toBe('made')
  expect(upstream.summaries.length).toBe(2)
})

import { expect, test } from 'vitest'
import {
  type Answer,
  chat,
  chunk,
  openStream,
  type Reply,
  sleep,
  start,
  streamEnd,
  until,
} from '../reliability/support.ts'
import {
  conversation,
  hangs,
  inUse,
  messagesOf,
  nothing,
  refuses,
  says,
  scripted,
  startCondensing,
  tooLongError,
  windowed,
} from './support/scripted.ts'

const messages = conversation()
const path = '/v1/chat/completions'
const streamed = { model: 'm', messages, stream: true }

const streams: Answer = (_, response) =>
  void openStream(response).end(chunk('Once ') + chunk('upon a time') + streamEnd)

/** All that a stream said. */
function textOf(text: string): string {
  return [...text.matchAll(/"content":"([^"]*)"/g)].map(([, content]) => content).join('')
}

function expectStreamed(reply: Reply) {
  expect([reply.status, textOf(reply.text)]).toEqual([200, 'Once upon a time'])
  expect(reply.text.endsWith('data: [DONE]\n\n')).toBe(true)
}

test('by default a stream that does not fit gets the error of the upstream, to the byte', async () => {
  const upstream = await scripted({ request: refuses })
  const proxy = await startCondensing([upstream])
  const reply = await chat(proxy.url, { messages, stream: true })
  expect([reply.status, reply.text]).toEqual([400, JSON.stringify(tooLongError)])
  expect(reply.headers['content-type']).toMatch(/^application\/json/)
  expect(reply.headers['x-llmproxy-condensed']).toBeUndefined()
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([1, 0])
})

test('with streaming: true it is condensed before anything was sent, and streamed', async () => {
  const upstream = await scripted({ request: windowed(1_500, streams) })
  const proxy = await startCondensing([upstream], { streaming: true })
  const reply = await chat(proxy.url, { messages, stream: true })
  expectStreamed(reply)
  expect(reply.headers).toMatchObject({
    'content-type': expect.stringMatching(/^text\/event-stream/),
    'x-llmproxy-condensed': expect.stringMatching(/^summary; /),
    'x-llmproxy-attempts': '2',
  })
  expect([upstream.asked.length, upstream.summaries.length]).toEqual([2, 1])
  // The summary itself is no stream.
  const bodies = [...upstream.asked, ...upstream.summaries].map(
    ({ body }) => JSON.parse(body.toString()) as object,
  )
  expect(bodies).toMatchObject([{ stream: true }, { stream: true }, { stream: false }])
})

test('an error inside a stream that has said nothing yet counts as well', async () => {
  const inside: Answer = (_, response) =>
    void openStream(response).end(`data: ${JSON.stringify(tooLongError)}\n\n`)
  const upstream = await scripted({
    request: (request, response) => (request.body.length > 6_000 ? inside : streams)(request, response),
  })
  const proxy = await startCondensing([upstream], { streaming: true })
  expectStreamed(await chat(proxy.url, { messages, stream: true }))
  expect(upstream.asked.length).toBe(2)
})

test('a comment that has kept the connection open takes nothing away from that', async () => {
  const late: Answer = (request, response) => setTimeout(() => refuses(request, response), 60)
  const upstream = await scripted({
    request: (request, response) => (request.body.length > 6_000 ? late : streams)(request, response),
  })
  const proxy = await startCondensing(
    [upstream],
    { streaming: true },
    { config: { keepalive_interval: 0.02 } },
  )
  const reply = await chat(proxy.url, { messages, stream: true })
  expectStreamed(reply)
  expect(reply.text.startsWith(': keepalive\n\n')).toBe(true)
  expect([upstream.asked.length, upstream.summaries.length, proxy.requests[0]?.['condensed']]).toEqual([
    2,
    1,
    expect.objectContaining({ kind: 'summary' }),
  ])
})

test('the connection is kept open while a summary is made', async () => {
  let answer: () => void = () => undefined
  const upstream = await scripted({
    request: windowed(1_500, streams),
    summary: (request, response) => (answer = () => says('before')(request, response)),
  })
  const proxy = await startCondensing(
    [upstream],
    { streaming: true },
    { config: { keepalive_interval: 0.03 } },
  )
  const client = start(proxy.url, path, streamed)
  await until(() => upstream.summaries.length === 1)
  const before = client.text.split('\n\n').length
  await client.frames(before + 2)
  expect([client.status, upstream.asked.length]).toEqual([200, 1])
  answer()
  await until(() => client.ended)
  expect([client.status, textOf(client.text)]).toEqual([200, 'Once upon a time'])
})

test('what cannot be condensed after such a comment ends with the error inside the stream', async () => {
  const late: Answer = (request, response) => setTimeout(() => refuses(request, response), 60)
  const upstream = await scripted({ request: late })
  const proxy = await startCondensing(
    [upstream],
    { streaming: true },
    { config: { keepalive_interval: 0.02 } },
  )
  const reply = await chat(proxy.url, { messages, stream: true })
  const events = reply.text.split('\n\n').filter((event) => event.startsWith('data: '))
  expect([reply.status, events.length]).toEqual([200, 1])
  expect(JSON.parse(events[0]!.slice(6))).toMatchObject({ error: { code: 'context_length_exceeded' } })
})

test('a condensed stream that breaks off is continued, with the request that was condensed', async () => {
  const broken: Answer = (_, response) => {
    openStream(response).write(chunk('Once ') + chunk('upon'))
    setTimeout(() => response.destroy(), 10)
  }
  const rest: Answer = (_, response) => void openStream(response).end(chunk(' a time') + streamEnd)
  const upstream = await scripted({
    request: windowed(1_500, (request, response) =>
      (messagesOf(request).at(-1)?.role === 'assistant' ? rest : broken)(request, response),
    ),
  })
  const continues = { url: upstream.url, entry: { supports: { continuation: true } } }
  const config = { stream_continuation: true }
  const proxy = await startCondensing([continues], { streaming: true }, { config })
  expectStreamed(await chat(proxy.url, { messages, stream: true }))
  const [, condensed, continued] = upstream.asked.map(messagesOf)
  expect(continued).toEqual([...condensed!, { role: 'assistant', content: 'Once upon' }])
  expect(proxy.requests).toMatchObject([{ continuation: 'complete', condensed: { kind: 'summary' } }])
})

test('a client that leaves its stream during the summary takes it along', async () => {
  const upstream = await scripted({ summary: hangs })
  const proxy = await startCondensing([upstream], { streaming: true })
  const client = start(proxy.url, path, streamed)
  const summary = await until(() => upstream.summaries[0])
  client.leave()
  const leftAt = performance.now()
  expect((await until(() => summary.closedAt)) - leftAt).toBeLessThan(100)
  await sleep(10)
  expect([upstream.asked.length, inUse(proxy)]).toEqual([1, nothing])
})

import { describe, expect, test } from 'vitest'
import { frame, role, say } from '../support/chat-frames.ts'
import { strictReading } from '../support/strict-reader.ts'
import { errorBody, failing, openStream, sendJson } from './support/answers.ts'
import { chat, paths, start } from './support/client.ts'
import {
  between,
  call,
  cut,
  expectBroken,
  frames,
  pieces,
  streamed,
  text,
  whole,
} from './support/continuation-case.ts'
import { openaiModel } from './support/continuing-upstream.ts'
import { type Answer, fakeUpstream, refusingUrl, until } from './support/fake-upstream.ts'
import { pair, provider, startProxy } from './support/proxy.ts'

describe('when the continuation fails, too, the client gets the first error, once', () => {
  const broken = 'the upstream closed the connection inside its answer'
  const inBand: Answer = (_, response) =>
    void openStream(response).end(frame({ error: { message: 'busy', code: 503 } }))
  const filtered: Answer = (_, response) =>
    sendJson(response, 400, errorBody('filtered', 'invalid_request_error', 'content_filter'))

  test.each<{ what: string; answer: Answer; said?: string; again?: number }>([
    { what: 'is refused with 400', answer: failing(400, {}, 'no prefill') },
    { what: 'is refused with 401', answer: failing(401) },
    { what: 'is rate limited', answer: failing(429, { 'retry-after': '0' }) },
    { what: 'fails with 503', answer: failing(503) },
    { what: 'is an error inside 200', answer: inBand },
    {
      what: 'is cut before its first event',
      answer: (_, response) => void openStream(response).socket?.destroy(),
    },
    { what: 'is empty', answer: (_, response) => void openStream(response).end() },
    {
      what: 'breaks off in a tool call',
      answer: frames(role, say(' a'), call),
      said: 'Once upon a',
      again: 0,
    },
    { what: 'is filtered', answer: filtered, again: 0 },
  ])('it $what', async ({ answer, said = 'Once upon', again = 1 }) => {
    // The first upstream would fail each time it is asked.
    let turn = 0
    const first: Answer = (request, response) => {
      turn += 1
      return turn === 1 ? cut()(request, response) : failing(503)(request, response)
    }
    const proxy = await between(first, answer)
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, said)).toMatchObject({ message: broken })
    expect(await proxy.line(0)).toMatchObject({
      ending: 'upstream_cut',
      continuation: 'failed',
      tokens: null,
    })
    expect(proxy.second.requests).toHaveLength(1)
    // At last the one that broke off is asked, unless the answer itself is at fault.
    expect(proxy.first.requests).toHaveLength(1 + again)
  })

  test('it cannot be reached', async () => {
    const one = await fakeUpstream(cut())
    const away = provider('other', await refusingUrl(), { supports: { continuation: true } })
    const proxy = await startProxy({
      stream_continuation: true,
      providers: pair(provider('one', one.url), away),
    })
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, 'Once upon')).toMatchObject({ message: broken })
    expect(one.requests).toHaveLength(1)
  })

  test('everybody cuts, always: no more than `max_attempts` are asked', async () => {
    const each = cut({ cutAfter: 2 })
    const proxy = await between(each, each, { config: { max_attempts: 4 } })
    const reply = await chat(proxy.url, streamed)
    expectBroken(reply.text, 'Once upon a time')
    expect(proxy.first.requests.length + proxy.second.requests.length).toBe(4)
    expect(await proxy.line(0)).toMatchObject({ attempts: 4, continuation: 'failed', ending: 'upstream_cut' })
  })

  test('a model that refuses to continue is not sent anything', async () => {
    const one = await fakeUpstream(cut())
    const claude = await fakeUpstream(failing(500))
    const newest = { type: 'anthropic', base_url: claude.url, operations: undefined }
    const models = [{ id: 'm', upstream: 'claude-opus-4-6' }]
    const proxy = await startProxy({
      stream_continuation: true,
      providers: pair(provider('one', one.url), provider('claude', claude.url, { ...newest, models })),
    })
    const reply = await chat(proxy.url, streamed)
    expect(expectBroken(reply.text, 'Once upon')).toMatchObject({ message: broken })
    expect(claude.requests).toHaveLength(0)
  })
})

describe('a client that leaves', () => {
  const silent: Answer = () => undefined

  test('while the continuation is waited for ends it: nothing more is sent', async () => {
    const proxy = await between(cut(), silent)
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    const asked = await proxy.second.request(0)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({
      ending: 'client_gone',
      continuation: 'abandoned',
      attempts: 2,
    })
    await until(() => asked.aborted)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
  })

  test('inside the continuation ends it', async () => {
    const proxy = await between(
      cut(),
      openaiModel(() => ({ pieces, cutAfter: 2, how: 'silence' })),
    )
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await client.frames(4)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({ ending: 'client_gone', continuation: 'abandoned' })
    await until(() => proxy.second.requests[0]!.aborted)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
  })

  test('while the continuation waits for a connection leaves no trace at its upstream', async () => {
    let turn = 0
    const busy: Answer = (request, response) => ((turn += 1) === 1 ? silent : whole)(request, response)
    const proxy = await between(cut(), busy, { entry: { max_connections: 1 } })
    const other = start(proxy.url, paths.chat, {
      model: 'other/m',
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await proxy.second.request(0)
    const client = start(proxy.url, paths.chat, {
      model: 'm',
      stream: true,
      messages: [{ role: 'user', content: 'Hi' }],
    })
    await client.frames(3)
    await until(() => proxy.first.requests[0]!.aborted)
    client.leave()
    expect(await proxy.line(0)).toMatchObject({
      ending: 'client_gone',
      continuation: 'abandoned',
      attempts: 1,
    })
    other.leave()
    await proxy.line(1)
    expect([proxy.first.requests.length, proxy.second.requests.length]).toEqual([1, 1])
    // The slot is free again.
    expect(strictReading((await chat(proxy.url, { ...streamed, model: 'other/m' })).text).text).toBe(text)
  })
})

test('a gateway that stops tells so, and asks nobody', async () => {
  const proxy = await between(cut(), () => undefined)
  const client = start(proxy.url, paths.chat, {
    model: 'm',
    stream: true,
    messages: [{ role: 'user', content: 'Hi' }],
  })
  await proxy.second.request(0)
  await proxy.close()
  await until(() => client.ended)
  expect(expectBroken(client.text, 'Once upon')).toMatchObject({ code: 'shutting_down' })
  expect(proxy.second.requests).toHaveLength(1)
})

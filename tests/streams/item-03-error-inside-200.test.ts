import { describe, expect, test } from 'vitest'
import { chat, chatHead, delta, done, frame, role, say } from '../support/chat-frames.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'

const message = 'the upstream’s own words'

const errorFrames = [
  {
    what: 'a numeric code beside empty choices',
    bytes: frame({ ...chatHead, choices: [], error: { code: 502, message } }),
  },
  { what: 'a null code', bytes: frame({ error: { message, type: null, code: null } }) },
  { what: 'a string', bytes: frame({ error: message }) },
  {
    what: 'an OpenAI envelope',
    bytes: frame({ error: { message, type: 'server_error', param: null, code: 'oops' } }),
  },
  { what: 'an error event', bytes: `event: error\n${frame({ error: { message } })}` },
  { what: 'an error event without an envelope', bytes: `event: error\n${frame({ message })}` },
  {
    what: 'an error beside a choice that finishes with it',
    bytes: frame({
      ...chatHead,
      choices: [{ index: 0, delta: { content: '' }, finish_reason: 'error' }],
      error: { code: 500, message },
    }),
  },
] as const

describe.each(errorFrames)('$what inside status 200', ({ bytes }) => {
  test.each([
    { when: 'as the first frame', before: [] },
    { when: 'behind a comment', before: [': PROCESSING\n\n'] },
  ])('$when is an HTTP error', async ({ before }) => {
    await using upstream = await startRawUpstream(() => ({ steps: [...before, bytes, done] }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
    expect(answer.status).toBeGreaterThanOrEqual(500)
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message } })
    expect(await gateway.ended()).toMatchObject({ ending: 'upstream_error' })
  })

  test('as the first frame makes the next provider answer, and nothing of the first is seen', async () => {
    await using upstream = await startRawUpstream(() => ({ steps: [bytes, done] }))
    await using gateway = await start({
      config: ([url = '']) => ({
        providers: [compatible(upstream.url), compatible(url, { name: 'second', priority: 2 })],
      }),
    })
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-echo'))
    expect(answer.headers).toMatchObject({ 'x-llmproxy-provider': 'second', 'x-llmproxy-attempts': '2' })
    expect(strictReading(answer.text).text).toBe('Hi')
    expect(answer.text).not.toContain(message)
    expect(upstream.requests).toHaveLength(1)
  })

  test('behind content ends the stream with that error, and no other provider is asked', async () => {
    await using upstream = await startRawUpstream(() => ({ steps: [role, say('Once'), bytes, done] }))
    await using gateway = await start({
      config: ([url = '']) => ({
        providers: [compatible(upstream.url), compatible(url, { name: 'second', priority: 2 })],
      }),
    })
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-echo'))
    const { chunks, error } = readStrictly(answer.text)
    expect(chunks).toHaveLength(2)
    expect(error).toMatchObject({ message })
    expect(gateway.upstreams[0]!.requests).toHaveLength(0)
    expect(await gateway.ended()).toMatchObject({ ending: 'upstream_error', usage: null })
  })
})

test.each([
  { what: 'null', error: null },
  { what: 'false', error: false },
  { what: 'an empty string', error: '' },
])('an error member that is $what is none', async ({ error }) => {
  const chunk = frame({
    ...chatHead,
    error,
    choices: [{ index: 0, delta: { content: 'Hi' }, finish_reason: null }],
  })
  await using upstream = await startRawUpstream(() => ({ steps: [role, chunk, delta({}, 'stop'), done] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(strictReading(answer.text)).toMatchObject({ text: 'Hi', finish: 'stop' })
})

test('a whole 200 answer that is an error is an HTTP error too', async () => {
  await using upstream = await startRawUpstream(() => ({
    headers: { 'content-type': 'application/json' },
    steps: [JSON.stringify({ error: { message, code: null } })],
  }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  for (const stream of [false, true]) {
    const answer = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any', { stream }))
    expect(answer.status).toBe(502)
    expect(JSON.parse(answer.text)).toMatchObject({ error: { message } })
  }
})

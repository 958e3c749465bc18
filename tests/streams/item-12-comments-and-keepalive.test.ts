import { describe, expect, test } from 'vitest'
import { chat, done, finish, role, say } from '../support/chat-frames.ts'
import { continueReading } from '../support/line-readers.ts'
import { type RawAnswer, startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, type Started, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'

/** A gateway whose streams say something after 50 ms of silence. */
function keepingAlive(url: string, keepalive_interval = 0.05): Promise<Started> {
  return start({ mocks: 0, config: () => ({ keepalive_interval, providers: [compatible(url)] }) })
}

const answer = [role, say('Once'), say(' upon'), finish(), done]

test('comments of the upstream do not reach the client', async () => {
  const comments = [': PROCESSING\n\n', ':\n', ': ping\n\n', ': {"cost":1}\n']
  await using upstream = await startRawUpstream(() => ({
    steps: answer.flatMap((frame) => [...comments, frame]),
  }))
  await using gateway = await keepingAlive(upstream.url, 15)
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(text).not.toMatch(/^:/m)
  expect(strictReading(text).text).toBe('Once upon')
})

describe('on silence the client hears comments', () => {
  test.each<RawAnswer & { where: string }>([
    { where: 'before the head', headAfter: 260, steps: answer },
    { where: 'before the first token', steps: [{ wait: 260 }, ...answer] },
    { where: 'behind the role', steps: [role, { wait: 260 }, ...answer.slice(1)] },
    { where: 'between tokens', steps: [role, say('Once'), { wait: 260 }, ...answer.slice(2)] },
    {
      where: 'inside a frame',
      steps: [role, 'data: ', { wait: 260 }, say('Once').slice(6), ...answer.slice(2)],
    },
  ])('$where', async (script) => {
    await using upstream = await startRawUpstream(() => script)
    await using gateway = await keepingAlive(upstream.url)
    const { text, status } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
    expect(status).toBe(200)
    expect(readStrictly(text).keepalives).toBeGreaterThanOrEqual(2)
    expect(text).not.toContain(': ping')
    expect(strictReading(text).text).toBe('Once upon')
    expect(continueReading(text).text).toBe('Once upon')
  })

  test('while the upstream only comments', async () => {
    const comments = Array.from({ length: 26 }, () => [': PROCESSING\n\n', { wait: 10 }]).flat()
    await using upstream = await startRawUpstream(() => ({ steps: [role, ...comments, ...answer.slice(1)] }))
    await using gateway = await keepingAlive(upstream.url)
    const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
    expect(readStrictly(text).keepalives).toBeGreaterThanOrEqual(1)
    expect(text).not.toContain('PROCESSING')
  })
})

test('a stream that is never silent gets no comment', async () => {
  const steps = [role, ...Array.from({ length: 30 }, () => [say('x'), { wait: 5 }]).flat(), finish(), done]
  await using upstream = await startRawUpstream(() => ({ steps }))
  await using gateway = await keepingAlive(upstream.url, 0.5)
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(readStrictly(text).keepalives).toBe(0)
})

test('keepalive_interval 0 means never', async () => {
  await using upstream = await startRawUpstream(() => ({
    headAfter: 100,
    steps: [...answer.slice(0, 2), { wait: 100 }, ...answer.slice(2)],
  }))
  await using gateway = await keepingAlive(upstream.url, 0)
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(readStrictly(text).keepalives).toBe(0)
})

test('a whole answer is never preceded by anything', async () => {
  const steps = ['{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[]}']
  const headers = { 'content-type': 'application/json' }
  await using upstream = await startRawUpstream(() => ({ headAfter: 150, headers, steps }))
  await using gateway = await keepingAlive(upstream.url)
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any', { stream: false }))
  expect(text).toMatch(/^\{/)
})

test('an error behind comments stands in the stream, and the next provider may still answer', async () => {
  const json = { 'content-type': 'application/json' }
  const refusal = (message: string) => ({
    status: 500,
    headers: json,
    headAfter: 120,
    steps: [JSON.stringify({ error: { message, type: 'server_error', param: null, code: null } })],
  })
  await using failing = await startRawUpstream(() => refusal('the first has failed'))
  await using alone = await keepingAlive(failing.url)
  const failed = await post(`${alone.url}/v1/chat/completions`, chat('mock-any'))
  expect(failed.status).toBe(200)
  expect(readStrictly(failed.text)).toMatchObject({ error: { message: 'the first has failed' }, chunks: [] })
  expect(await alone.ended()).toMatchObject({ ending: 'upstream_error' })

  await using second = await start({
    config: ([url = '']) => ({
      keepalive_interval: 0.05,
      providers: [compatible(failing.url), compatible(url, { name: 'second', priority: 2 })],
    }),
  })
  const answered = await post(`${second.url}/v1/chat/completions`, chat('mock-echo'))
  expect(readStrictly(answered.text).keepalives).toBeGreaterThanOrEqual(1)
  expect(strictReading(answered.text).text).toBe('Hi')
})

import { describe, expect, test } from 'vitest'
import { chat, chatHead, delta, done, finish, frame, role, say, usage } from '../support/chat-frames.ts'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { aiSdkReading } from '../support/sdk-readers.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly, strictReading } from '../support/strict-reader.ts'

const counts = { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 }

const streams: readonly { how: string; frames: readonly string[]; reason?: string }[] = [
  { how: 'no finish and [DONE]', frames: [role, say('Hi'), done] },
  {
    how: 'an empty finish on every chunk',
    frames: [delta({ role: 'assistant', content: 'Hi' }, ''), delta({}, 'stop'), done],
  },
  {
    how: 'an empty finish on every chunk, the last one too',
    frames: [delta({ role: 'assistant', content: 'Hi' }, ''), delta({}, ''), done],
  },
  { how: 'the finish twice', frames: [role, say('Hi'), finish(), finish(), done] },
  {
    how: 'two different finishes',
    frames: [role, say('Hi'), finish('length'), finish('stop'), done],
    reason: 'length',
  },
  { how: 'the finish merged with content', frames: [role, delta({ content: 'Hi' }, 'stop'), done] },
  {
    how: 'the finish merged with usage',
    frames: [
      role,
      say('Hi'),
      frame({ ...chatHead, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: counts }),
      done,
    ],
  },
  { how: 'the finish behind the usage', frames: [role, say('Hi'), usage(), finish(), done] },
  { how: 'a finish that nobody knows', frames: [role, say('Hi'), finish('eos_token'), done] },
  { how: 'a finish in other letters', frames: [role, say('Hi'), finish('STOP'), done] },
  { how: 'a finish without [DONE]', frames: [role, say('Hi'), finish()] },
  {
    how: 'a choice without the member finish_reason',
    frames: [role, frame({ ...chatHead, choices: [{ index: 0, delta: { content: 'Hi' } }] }), finish(), done],
  },
]

describe.each(streams)('an upstream that sends $how', ({ frames, reason = 'stop' }) => {
  test('gives exactly one finish_reason', async () => {
    await using upstream = await startRawUpstream(() => ({ steps: frames }))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const url = `${gateway.url}/v1/chat/completions`
    for (const members of [{}, { stream_options: { include_usage: true } }]) {
      const { text } = await post(url, chat('mock-any', members))
      expect(strictReading(text)).toEqual({ text: 'Hi', reasoning: '', toolCalls: [], finish: reason })
    }
    expect(await aiSdkReading(gateway.url, 'mock-any', fetch)).toMatchObject({ text: 'Hi', finish: reason })
  })
})

test('every choice of several has its own finish_reason', async () => {
  const choice = (index: number, content: object, finish_reason: string | null = null) =>
    frame({ ...chatHead, choices: [{ index, delta: content, finish_reason }] })
  const steps = [
    choice(0, { role: 'assistant', content: 'A' }),
    choice(1, { role: 'assistant', content: 'B' }),
    choice(1, {}, 'stop'),
    choice(0, { content: 'a' }),
    done,
  ]
  await using upstream = await startRawUpstream(() => ({ steps }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any', { n: 2 }))
  expect(readStrictly(text).error).toBeUndefined()
})

test('a body that ends without a finish and without [DONE] is an error, never a finish', async () => {
  await using upstream = await startRawUpstream(() => ({ steps: [role, say('Hi')] }))
  await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat('mock-any'))
  expect(readStrictly(text).error).toBeDefined()
})

import { expect, test } from 'vitest'
import { Batch } from './batch.ts'
import type { Begun } from './continued-rules.ts'
import { openLane, streamOfWhole } from './open-lane.ts'

const identity = { id: 'first', created: 7, model: 'm' }
const counts = { input: 9, output: 5, total: 14, cacheRead: 4, cacheWrite: 0, reasoning: 1 }
const call = {
  id: '1',
  created: 1,
  model: 'own',
  stream: true,
  body: {},
  headers: {},
  dropped: () => undefined,
}

type Frame = Readonly<Record<string, unknown>>

interface Read {
  readonly frames: readonly Frame[]
  readonly text: string
  readonly state: { readonly usage: unknown; readonly repaired: number }
}

/** What the client gets of a stream that goes on with another. */
function continued(frames: readonly Frame[], begun: Partial<Begun> = {}, includeUsage = false): Read {
  const input = { operation: 'chat', codec: { request: () => ({ path: '/' }) }, call, includeUsage } as const
  const lane = openLane({ ...input, begun: { identity, tail: '', usage: null, ...begun } }, () => ({
    kind: 'upstream',
    message: 'failed',
  }))
  const output = new Batch()
  for (const frame of frames) {
    const bytes = Buffer.from(`data: ${JSON.stringify(frame)}\n\n`)
    expect(lane.event(bytes, 0, bytes.length, true, output)).toBe('more')
  }
  lane.finish(output)
  return { ...parsed(output.take()!), state: lane.state }
}

function parsed(bytes: Buffer): Pick<Read, 'frames' | 'text'> {
  const events = bytes.toString().split('\n\n').slice(0, -1)
  expect(events.at(-1)).toBe('data: [DONE]')
  const frames = events.slice(0, -1).map((event) => JSON.parse(event.slice('data: '.length)) as Frame)
  const texts = frames.map((frame) => (frame as { choices: { delta: { content?: string } }[] }).choices[0])
  return { frames, text: texts.map((choice) => choice?.delta.content ?? '').join('') }
}

function frame(delta: object, finish: string | null = null, members: object = {}): Frame {
  const choices = [{ index: 0, delta, finish_reason: finish }]
  return { id: 'second', object: 'chat.completion.chunk', created: 9, model: 'n', choices, ...members }
}

const say = (content: string, members: object = {}) => frame({ content }, null, members)
const role = frame({ role: 'assistant', content: '' })
const finish = frame({}, 'stop')
const usage = { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 }

test('every frame has the identity of the first stream, there is no second role, and none of that is a repair', () => {
  const { frames, text, state } = continued([role, say('a'), say('b'), finish])
  expect(frames).toEqual([
    { ...say('a'), ...identity },
    { ...say('b'), ...identity },
    { ...finish, ...identity },
  ])
  expect(text).toBe('ab')
  expect(state.repaired).toBe(0)
})

test('a role beside the first text goes alone', () => {
  const { frames } = continued([frame({ role: 'assistant', content: 'a' }), finish])
  expect(frames[0]).toEqual({ ...say('a'), ...identity })
})

test('a frame whose text the client has had is left out; what it says besides stays', () => {
  const tail = ' \n'
  expect(continued([role, say(' '), say('\na'), finish], { tail }).frames).toHaveLength(2)
  const ended = continued([frame({ content: ' \n' }, 'stop')], { tail })
  expect(ended.frames).toEqual([{ ...frame({ content: '' }, 'stop'), ...identity }])
  const thought = continued([frame({ content: ' ', reasoning_content: 'hm' }), finish], { tail })
  expect(thought.frames[0]).toMatchObject({ choices: [{ delta: { content: '', reasoning_content: 'hm' } }] })
})

test('the text is joined when the frames differ in nothing but it, too: none passes unread', () => {
  // The second upstream has the first one's identity, as two that are asked through the same translation have.
  const same = (content: string, members: object = {}) => ({ ...say(content, members), ...identity })
  for (const members of [{}, { usage: null }]) {
    const frames = [same('\n', members), same('\n', members), same('\n', members), same('a', members), finish]
    expect(continued(frames, { tail: '\n\n' }).text).toBe('\na')
    expect(continued([same('a', members), same('\n'), same('\n'), finish], { tail: '\n\n' }).text).toBe(
      'a\n\n',
    )
  }
})

test('the usage is that of both, in one frame, when both are known and the client asked', () => {
  const own = { id: 'second', object: 'chat.completion.chunk', created: 9, model: 'n', choices: [], usage }
  const details = { cached_tokens: 6 }
  const cached = { ...own, usage: { ...usage, prompt_tokens_details: details } }
  const both = {
    prompt_tokens: 29,
    completion_tokens: 8,
    total_tokens: 37,
    prompt_tokens_details: { cached_tokens: 10 },
    completion_tokens_details: { reasoning_tokens: 1 },
  }
  for (const frames of [
    [say('a'), finish, cached],
    [say('a', { usage: cached.usage }), { ...finish, usage: cached.usage }, cached],
  ]) {
    const asked = continued(frames, { usage: counts }, true)
    expect(asked.frames.slice(2)).toEqual([
      { ...identity, object: 'chat.completion.chunk', choices: [], usage: both },
    ])
    expect(asked.state.usage).toEqual(both)
    const silent = continued(frames, { usage: counts })
    expect(silent.frames).toHaveLength(2)
    expect(silent.state.usage).toEqual(both)
  }
})

test('what one of them did not tell is unknown for both, and no frame says a number', () => {
  const own = { id: 'second', object: 'chat.completion.chunk', created: 9, model: 'n', choices: [], usage }
  for (const [frames, known] of [
    [[say('a', { usage: null }), finish, own], null],
    [[say('a'), finish], counts],
  ] as const) {
    const { frames: sent, state } = continued(frames, { usage: known }, true)
    expect(sent).toHaveLength(2)
    expect(JSON.stringify(sent)).not.toContain('usage')
    expect(state.usage).toBeNull()
  }
})

test('a call that the continuation makes is a whole one, numbered from 0', () => {
  const call = (over: object) => frame({ tool_calls: [{ index: 3, ...over }] })
  const { frames } = continued([
    call({ id: 'c', type: 'function', function: { name: 'f', arguments: '' } }),
    call({ function: { arguments: '{}' } }),
    frame({}, 'tool_calls'),
  ])
  expect(JSON.stringify(frames).match(/"index":0,"id":"c"/g)).toHaveLength(1)
  expect(JSON.stringify(frames)).not.toContain('"index":3')
  expect(frames.at(-1)).toMatchObject({ choices: [{ finish_reason: 'tool_calls' }] })
})

test('a whole answer to the request for the rest becomes frames of the same stream', () => {
  const begun = { identity, tail: '\n', usage: counts }
  const answer = {
    id: 'second',
    created: 9,
    model: 'n',
    choices: [{ index: 0, message: { role: 'assistant', content: '\n\na' }, finish_reason: 'stop' }],
    usage,
  }
  const input = {
    operation: 'chat',
    codec: { request: () => ({ path: '/' }) },
    call,
    includeUsage: true,
    begun,
  } as const
  const { bytes } = streamOfWhole(input, answer) as { bytes: Buffer }
  const { frames, text } = parsed(bytes)
  expect(text).toBe('\na')
  expect(frames.map(({ id }) => id)).toEqual(['first', 'first', 'first'])
  expect(frames[0]).not.toHaveProperty('choices.0.delta.role')
  expect(frames[2]).toMatchObject({ choices: [], usage: { total_tokens: 37 } })
})

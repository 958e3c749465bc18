import { type Call, ProviderFault, type StreamDecoder } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { chatFrame } from '../../test/toy-gateway.ts'
import { Batch } from './batch.ts'
import { classify } from './classify.ts'
import type { Lane } from './lane.ts'
import { openLane, streamOfWhole, type StreamedOperation } from './open-lane.ts'
import { StreamAnswer } from './stream-answer.ts'
import type { AttemptFault } from './transfer.ts'

const provider = { baseUrl: 'toy://x', operations: {}, authorize: () => ({}) }
const call: Call = {
  id: '1',
  created: 7,
  model: 'm',
  stream: true,
  body: { model: 'm' },
  headers: {},
  dropped: () => undefined,
}

function lane(operation: StreamedOperation, decoder?: Partial<StreamDecoder<unknown>>): Lane {
  const codec = {
    request: () => ({ path: '/' }),
    ...(decoder === undefined ? {} : { stream: () => decoder as StreamDecoder<unknown> }),
  }
  return openLane({ operation, codec, call, includeUsage: false }, (response) => classify(provider, response))
}

interface Heard {
  readonly text: string
  readonly writes: number
  readonly completions: number
  readonly faults: readonly AttemptFault[]
}

/** Runs a stream through a lane; `how` is how the upstream ends it. */
function run(
  tested: Lane,
  pieces: readonly string[],
  how: 'end' | 'cut' | 'open' = 'end',
  limit = 1_000_000,
): Heard {
  let text = ''
  let writes = 0
  let completions = 0
  const faults: AttemptFault[] = []
  const answer = new StreamAnswer(
    tested,
    {
      frames: (bytes) => {
        writes += 1
        text += bytes.toString()
      },
      complete: (bytes) => {
        completions += 1
        text += bytes.toString()
      },
      faulted: (fault) => void faults.push(fault),
    },
    limit,
  )
  for (const piece of pieces) answer.data(Buffer.from(piece))
  if (how === 'end') answer.end()
  if (how === 'cut') answer.broken({ kind: 'network', message: 'cut' })
  if (how === 'open') answer.enough()
  // Whatever comes after its ending changes nothing.
  answer.data(Buffer.from(chatFrame({ content: 'late' })))
  answer.end()
  answer.enough()
  answer.broken({ kind: 'network', message: 'late' })
  return { text, writes, completions, faults }
}

const hello = chatFrame({ role: 'assistant', content: 'hi' })
const stop = chatFrame({}, 'stop')
const done = 'data: [DONE]\n\n'

test('a relayed stream passes as the bytes that came, in one write for each that came', () => {
  const { text, writes, completions, faults } = run(lane('chat'), [
    hello + hello.replace('"role":"assistant",', ''),
    stop,
    done,
  ])
  expect(text).toBe(hello + hello.replace('"role":"assistant",', '') + stop + done)
  expect([writes, completions, faults]).toEqual([2, 1, []])
})

test.each(['end', 'cut', 'open'] as const)(
  'an answer that has said its finish is complete, also when the upstream does %s',
  (how) => {
    const { text, completions } = run(lane('chat'), [hello, stop], how)
    expect([text.endsWith(done), completions]).toEqual([true, 1])
  },
)

test.each([
  ['ends', 'end', 'bad_response'],
  ['is cut', 'cut', 'network'],
] as const)(
  'a stream that %s before its finish fails, and what came before has been handed over',
  (_name, how, kind) => {
    const { text, completions, faults } = run(lane('chat'), [hello], how)
    expect([text, completions, faults.map((fault) => fault.kind)]).toEqual([hello, 0, [kind]])
  },
)

test.each([
  ['nothing', []],
  ['comments', [': hello\n\n']],
  ['only the terminal marker', [done]],
  ['only a role', [chatFrame({ role: 'assistant' }), done]],
])('a stream of %s is no answer', (_name, pieces) => {
  const { completions, faults } = run(lane('chat'), pieces)
  expect([completions, faults.map(({ kind }) => kind)]).toEqual([0, ['bad_response']])
})

test.each([
  ['an error frame', 'data: {"error":{"message":"m","code":"rate_limit_exceeded"}}\n\n', 'rate_limit'],
  [
    'an error event',
    'event: error\ndata: {"message":"overloaded","type":"overloaded_error"}\n\n',
    'overloaded',
  ],
  ['an error event of plain text', 'event: error\ndata: something broke\n\n', 'upstream'],
])('%s ends the stream with the vendor’s verdict', (_name, event, kind) => {
  const { faults } = run(lane('chat'), [hello, event, stop, done])
  expect(faults).toMatchObject([{ kind, inBand: true }])
})

test('damage in a frame ends the stream; data that are a comment do not', () => {
  expect(run(lane('chat'), [hello, 'data: {"choi\n\n']).faults).toMatchObject([{ kind: 'bad_response' }])
  expect(run(lane('chat'), [hello, 'data: : PROCESSING\n\n', stop, done]).completions).toBe(1)
})

test('an event without end is refused at the limit, not kept', () => {
  const { faults } = run(lane('chat'), ['data: ', 'x'.repeat(600), 'x'.repeat(600)], 'end', 1_000)
  expect(faults).toMatchObject([{ kind: 'bad_response' }])
})

test.each([
  [
    'throws a TypeError',
    () => {
      throw new TypeError('typo')
    },
    'bad_response',
  ],
  [
    'throws its fault',
    () => {
      throw new ProviderFault({ kind: 'overloaded', message: 'x' })
    },
    'overloaded',
  ],
  [
    'throws a text',
    () => {
      throw 'text' as unknown as Error
    },
    'bad_response',
  ],
  ['gives back nothing', () => undefined, 'bad_response'],
  ['gives back chunks that are none', () => ['text', null], 'bad_response'],
  [
    'gives back a chunk that cannot be written',
    () => [{ choices: [{ index: 0, delta: { content: 1n } }] }],
    'bad_response',
  ],
])('a decoder that %s ends the stream once, and what came before stands', (_name, broken, kind) => {
  let count = 0
  const decoder = {
    event: (() => (count++ === 0 ? [chunk('hi')] : broken())) as StreamDecoder<unknown>['event'],
  }
  const { text, faults, completions } = run(lane('chat', decoder), ['data: 1\n\n', 'data: 2\n\n'])
  expect(text).toContain('"content":"hi"')
  expect([completions, faults.map((fault) => fault.kind)]).toEqual([0, [kind]])
})

test('end() of a decoder has the last word, also when the upstream leaves its body open', () => {
  for (const how of ['end', 'open'] as const) {
    const decoder = { event: () => [chunk('hi')], end: () => [chunk('bye', 'stop')] }
    const { text, completions } = run(lane('chat', decoder), ['data: 1\n\n'], how)
    expect([completions, text.includes('bye'), text.endsWith(done)]).toEqual([1, true, true])
  }
})

test('a decoder whose end() throws has been cut, as is one that never said a finish', () => {
  const cut = {
    event: () => [chunk('hi')],
    end: () => {
      throw new ProviderFault({ kind: 'bad_response', message: 'x' })
    },
  }
  for (const decoder of [cut, { event: () => [chunk('hi')] }]) {
    const { completions, faults } = run(lane('chat', decoder), ['data: 1\n\n'])
    expect([completions, faults.map(({ kind }) => kind)]).toEqual([0, ['bad_response']])
  }
})

function chunk(content: string, finish: string | null = null): object {
  return {
    id: 'x',
    object: 'chat.completion.chunk',
    created: 1,
    model: 'm',
    choices: [{ index: 0, delta: { content }, finish_reason: finish }],
  }
}

const start =
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":3,"output_tokens":1}}}\n\n'
const delta = 'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"text":"hi"}}\n\n'
const last = 'event: message_delta\ndata: {"type":"message_delta","usage":{"output_tokens":5}}\n\n'
const end = 'event: message_stop\ndata: {"type":"message_stop"}\n\n'

test('a Messages stream passes to the byte, and its usage is read on the way', () => {
  const tested = lane('messages')
  const { text, completions } = run(tested, [start, delta, last, end])
  expect([text, completions]).toEqual([start + delta + last + end, 1])
  expect(tested.state.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 5 })
})

test.each([
  ['no blank line', end.slice(0, -1)],
  ['no line end', end.slice(0, -2)],
  ['half a CRLF', 'event: message_stop\r\ndata: {"type":"message_stop"}\r\n'],
])('a Messages stream whose last event has %s is dispatched by its client all the same', (_name, tail) => {
  const { text, completions } = run(lane('messages'), [start, delta, tail])
  expect(completions).toBe(1)
  expect(text.endsWith('data: {"type":"message_stop"}\n\n')).toBe(true)
})

test('a Messages stream that fails before it begins may still fall back; later it is an error inside the answer', () => {
  const error = 'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"x"}}\n\n'
  expect(run(lane('messages'), ['event: ping\ndata: {"type":"ping"}\n\n', error])).toMatchObject({
    writes: 0,
    faults: [{ kind: 'overloaded' }],
  })
  expect(run(lane('messages'), [start, error])).toMatchObject({
    text: start,
    faults: [{ kind: 'overloaded', inBand: true }],
  })
  expect(run(lane('messages'), [start, delta])).toMatchObject({ faults: [{ kind: 'bad_response' }] })
  expect(run(lane('messages'), [start, 'data: null\n\n'])).toMatchObject({
    faults: [{ kind: 'bad_response' }],
  })
})

test('a whole answer becomes a stream with one finish, its calls numbered, usage only when asked for', () => {
  const input = {
    operation: 'chat',
    codec: { request: () => ({ path: '/' }) },
    call,
  } as const
  const answer = {
    id: 'x',
    created: 1,
    model: 'm',
    choices: [
      {
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }],
        },
        finish_reason: 'tool_calls',
      },
    ],
    usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
  }
  for (const includeUsage of [false, true]) {
    const streamed = streamOfWhole({ ...input, includeUsage }, structuredClone(answer)) as {
      bytes: Buffer
      state: { usage: unknown }
    }
    const text = streamed.bytes.toString()
    expect(text.match(/"finish_reason":"tool_calls"/g)).toHaveLength(1)
    expect(text).toContain('"tool_calls":[{"index":0,')
    expect(text.includes('"total_tokens":2')).toBe(includeUsage)
    expect(text.endsWith(done)).toBe(true)
    expect(streamed.state.usage).toMatchObject({ total_tokens: 2 })
  }
  expect(() => streamOfWhole({ ...input, includeUsage: false }, { choices: [] })).toThrow(/no choices/)
  expect(streamOfWhole({ ...input, operation: 'messages', includeUsage: false }, answer)).toMatchObject({
    kind: 'bad_response',
  })
})

test('a translated stream may have fewer choices than were asked for, when its decoder says that it is whole', () => {
  const decoder = {
    event: () => [{ choices: [{ index: 0, delta: { content: 'a' }, finish_reason: 'stop' }] }],
  }
  const codec = { request: () => ({ path: '/' }), stream: () => decoder }
  const several = openLane(
    { operation: 'chat', codec, call: { ...call, body: { n: 3 } }, includeUsage: false },
    () => ({ kind: 'upstream', message: 'no' }),
  )
  const output = new Batch()
  const event = Buffer.from('data: x\n\n')
  expect(several.event(event, 0, event.length, true, output)).toBe('more')
  expect(several.end(output)).toBeUndefined()
})

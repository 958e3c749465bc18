import { describe, expect, test } from 'vitest'
import { chunkSequenceProblems, collectChunks, isUsageChunk } from '../testing/chunk-sequence.ts'
import { wireProblems } from '../testing/wire-validator.ts'
import type { Call, SseEvent } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { type AnswerMends, mendedAnswers } from './mended-answers.ts'
import type { ChatRequest } from './wire.ts'

const call = (body: object = {}): Call<ChatRequest> => ({
  id: 'abc',
  created: 7,
  model: 'upstream-model',
  stream: true,
  headers: {},
  body: { model: 'm', messages: [], ...body },
  dropped: () => undefined,
})

const head = { id: 'x', object: 'chat.completion.chunk', created: 5, model: 'm-1' }
const data = (value: unknown): SseEvent => ({ data: JSON.stringify(value) })
const chunk = (delta: unknown, more: object = {}) =>
  data({ ...head, choices: [{ index: 0, delta, finish_reason: null, ...more }] })
const finish = chunk({}, { finish_reason: 'stop' })
const done: SseEvent = { data: '[DONE]' }
const usage = (prompt_tokens: number, completion_tokens: number) => ({
  prompt_tokens,
  completion_tokens,
  total_tokens: prompt_tokens + completion_tokens,
})

/** The chunks of a stream that ends well; they must be what clients expect. */
function decoded(events: readonly SseEvent[], mends: AnswerMends = {}, body: object = {}) {
  const decoder = mendedAnswers(mends).stream(call(body))
  const chunks = [...events.flatMap((event) => decoder.event(event)), ...(decoder.end?.() ?? [])]
  expect(chunkSequenceProblems(chunks)).toEqual([])
  return chunks
}

function fault(run: () => unknown): unknown {
  try {
    run()
  } catch (error) {
    return ProviderFault.is(error) ? error.fault : error
  }
  return undefined
}

describe('a stream', () => {
  test('that is fine passes as it is', () => {
    const events = [chunk({ role: 'assistant', content: '' }), chunk({ content: 'Hi' }), finish, done]
    const golden = events.slice(0, -1).map((event): unknown => JSON.parse(event.data))
    expect(decoded(events)).toEqual(golden)
  })

  test('may end without [DONE], and what follows [DONE] is nothing', () => {
    const events = [chunk({ role: 'assistant', content: 'Hi' }), finish]
    expect(decoded(events)).toEqual(decoded([...events, done]))
    expect(decoded([...events, done, { data: 'garbage' }, chunk({ content: 'more' })])).toEqual(
      decoded(events),
    )
  })

  test('gets roles once, ids, types, dense indexes and arguments', () => {
    const chunks = decoded([
      data({ choices: [{ delta: { role: 'assistant', content: 'Hi' } }] }),
      data({ choices: [{ delta: { role: 'assistant', content: '!' } }] }),
      data({ choices: [{ delta: { tool_calls: [{ function: { name: 'f', arguments: { x: 1 } } }] } }] }),
      data({ choices: [{ delta: { tool_calls: [{ index: 3, id: 'own', function: { name: 'g' } }] } }] }),
      data({ choices: [{ delta: {}, finish_reason: 'stop' }] }),
    ])
    expect(chunks[0]).toMatchObject({ id: 'chatcmpl-abc', created: 7, model: 'upstream-model' })
    expect(collectChunks(chunks).get(0)).toMatchObject({
      roles: 1,
      content: 'Hi!',
      toolCalls: [
        { id: 'call_chatcmpl-abc_0', name: 'f', arguments: '{"x":1}' },
        { id: 'own', name: 'g', arguments: '{}' },
      ],
      finishReasons: ['tool_calls'],
    })
  })

  test('has its reasoning beside the content, never in it', () => {
    const chunks = decoded([chunk({ role: 'assistant', reasoning: 'hm' }), chunk({ content: 'Hi' }), finish])
    expect(collectChunks(chunks).get(0)).toMatchObject({ content: 'Hi', reasoning: 'hm' })
  })

  test('ignores events that nobody knows', () => {
    const events = [chunk({ role: 'assistant', content: 'Hi' }), finish]
    const strange = [data({ type: 'ping' }), { event: 'news', data: '{}' }, data({ choices: [] })]
    for (let at = 0; at <= events.length; at += 1)
      expect(decoded(events.toSpliced(at, 0, ...strange))).toEqual(decoded(events))
  })

  test('cut before its end is a fault', () => {
    const events = [chunk({ role: 'assistant', content: 'Hi' }), finish]
    for (const length of [0, 1])
      expect(fault(() => decoded(events.slice(0, length)))).toMatchObject({ kind: 'bad_response' })
  })

  test('lacks a choice that was asked for: a fault, unless the vendor says that it is done', () => {
    const events = [chunk({ role: 'assistant', content: 'Hi' }), finish]
    expect(fault(() => decoded(events, {}, { n: 2 }))).toMatchObject({ kind: 'bad_response' })
    expect(decoded([...events, done], {}, { n: 2 })).toHaveLength(2)
  })
})

describe('usage', () => {
  const begun = chunk({ role: 'assistant', content: 'Hi' })
  const usages = (events: readonly SseEvent[], mends: AnswerMends = {}) =>
    decoded(events, mends)
      .filter(isUsageChunk)
      .map((last) => last.usage)

  test.each<[string, SseEvent[]]>([
    ['in a chunk of its own', [begun, finish, data({ ...head, choices: [], usage: usage(1, 2) }), done]],
    ['without choices', [begun, finish, data({ ...head, usage: usage(1, 2) }), done]],
    [
      'at the finish',
      [begun, data({ ...head, choices: [{ delta: {}, finish_reason: 'stop' }], usage: usage(1, 2) })],
    ],
    [
      'in every chunk, growing',
      [
        data({ ...head, choices: [{ delta: { content: 'Hi' } }], usage: usage(1, 1) }),
        data({ ...head, choices: [{ delta: {}, finish_reason: 'stop' }], usage: usage(1, 2) }),
        done,
      ],
    ],
    [
      'before the finish, and then again',
      [
        begun,
        data({ ...head, choices: [], usage: usage(1, 1) }),
        data({ ...head, choices: [{ delta: {}, finish_reason: 'stop' }], usage: usage(1, 2) }),
        done,
      ],
    ],
    [
      'twice behind the finish',
      [
        begun,
        finish,
        data({ ...head, choices: [], usage: usage(1, 2) }),
        data({ ...head, choices: [], usage: usage(1, 2) }),
        done,
      ],
    ],
  ])('%s is one last chunk', (_, events) => {
    expect(usages(events)).toEqual([usage(1, 2)])
  })

  test('that is null, or has no counts, is no chunk', () => {
    expect(usages([data({ ...head, choices: [{ delta: { content: 'Hi' } }], usage: null }), finish])).toEqual(
      [],
    )
    expect(usages([begun, finish, data({ ...head, choices: [], usage: {} })])).toEqual([])
  })

  test('is made OpenAI’s by the vendor', () => {
    const mends: AnswerMends = {
      usage: (counts) => {
        counts['completion_tokens'] = Number(counts['completion_tokens']) + 10
        delete counts['total_tokens']
      },
    }
    const events = [begun, finish, data({ ...head, choices: [], usage: usage(1, 2) }), done]
    expect(usages(events, mends)).toEqual([usage(1, 12)])
  })
})

describe('the mends of a vendor', () => {
  const mends: AnswerMends = {
    frame: (frame) => {
      if (frame['result'] !== undefined) Object.assign(frame, frame['result'])
      delete frame['result']
    },
    message: (message, choice, { model }) => {
      if (Array.isArray(message['content'])) message['content'] = message['content'].join('')
      choice['model'] = model
    },
  }

  test('are applied to chunks', () => {
    const chunks = decoded(
      [data({ result: { choices: [{ delta: { content: ['H', 'i'] } }] } }), finish],
      mends,
    )
    expect(collectChunks(chunks).get(0)?.content).toBe('Hi')
    expect(chunks[0]?.choices[0]).toMatchObject({ model: 'upstream-model' })
  })

  test('are applied to whole answers, and leave the body of the vendor alone', () => {
    const body = { result: { choices: [{ message: { content: ['H', 'i'] } }] }, usage: usage(1, 2) }
    const before = structuredClone(body)
    const answer = mendedAnswers(mends).response(body, call())
    expect(wireProblems('chat', answer)).toEqual([])
    expect(answer.choices[0]).toMatchObject({ message: { content: 'Hi' }, model: 'upstream-model' })
    expect(body).toEqual(before)
  })
})

describe('an error', () => {
  const error = { message: 'busy', type: 'overloaded_error' }
  const bodies: [string, object, object][] = [
    ['an object', { error }, { kind: 'overloaded', message: 'busy' }],
    ['a text', { error: 'busy' }, { kind: 'upstream', message: 'busy' }],
    ['an object of the kind error', { object: 'error', message: 'busy', code: 429 }, { kind: 'rate_limit' }],
    ['inside a choice', { choices: [{ error: { message: 'busy', code: 503 } }] }, { kind: 'overloaded' }],
    [
      'a finish that is none',
      { choices: [{ delta: {}, message: { content: 'x' }, finish_reason: 'error' }] },
      { kind: 'upstream' },
    ],
  ]

  test.each(bodies)('%s fails a whole answer', (_, body, expected) => {
    expect(fault(() => mendedAnswers().response(body, call()))).toMatchObject(expected)
  })

  test.each(bodies)('%s fails a stream, first or later', (_, body, expected) => {
    const events = [chunk({ role: 'assistant', content: 'Hi' })]
    for (const before of [[], events]) {
      const decoder = mendedAnswers().stream(call())
      for (const event of before) decoder.event(event)
      expect(fault(() => decoder.event(data(body)))).toMatchObject(expected)
    }
  })

  test('is classified by the vendor, and by its event name', () => {
    const mends: AnswerMends = { fault: () => ({ kind: 'quota_exhausted', message: 'own' }) }
    const named = { event: 'error', data: '{"reason":"busy"}' }
    expect(fault(() => mendedAnswers(mends).response({ error }, call()))).toMatchObject({ message: 'own' })
    expect(fault(() => mendedAnswers(mends).stream(call()).event(named))).toMatchObject({
      kind: 'quota_exhausted',
    })
    expect(fault(() => mendedAnswers().stream(call()).event(named))).toMatchObject({ message: 'busy' })
  })

  test.each([null, false, 0, ''])('is not %j', (none) => {
    const body = { error: none, choices: [{ message: { content: 'Hi' } }] }
    expect(mendedAnswers().response(body, call()).choices).toHaveLength(1)
    expect(
      decoded([data({ ...head, error: none, choices: [{ delta: { content: 'Hi' } }] }), finish]),
    ).toHaveLength(2)
  })
})

test.each(['text', '[]', 'null', '7', '{'])('an event of %j is a bad response', (text) => {
  expect(fault(() => mendedAnswers().stream(call()).event({ data: text }))).toMatchObject({
    kind: 'bad_response',
  })
})

test.each([null, undefined, [], 'text', 7, {}, { choices: [] }])('a body of %j is a bad response', (body) => {
  expect(fault(() => mendedAnswers().response(body, call()))).toMatchObject({ kind: 'bad_response' })
})

test.each([' ', ':', ': keep-alive', ': PROCESSING'])('an event of %j is a comment', (text) => {
  expect(mendedAnswers().stream(call()).event({ data: text })).toEqual([])
})

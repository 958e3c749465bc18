import type { Call, Operation } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import type { Ingress } from '../ingress/ingress.ts'
import { dated, isJson } from './answer-head.ts'
import { Batch } from './batch.ts'
import { classify, isErrorBody, thrownFault } from './classify.ts'
import { Collector } from './collect.ts'
import { matchEncoding } from './embedding-format.ts'
import { messagesUsage } from './messages-usage.ts'
import { framesOf } from './one-chunk.ts'
import { prepare } from './prepare.ts'
import { singleValues } from './single-values.ts'
import { ManualClock } from '../../test/manual-clock.ts'
import { throwFault } from '../../test/toy-gateway.ts'

test('a batch joins neighbours without copying, keeps the order, and starts anew', () => {
  const buffer = Buffer.from('abcdef')
  const batch = new Batch()
  expect(batch.take()).toBeUndefined()
  batch.add(buffer, 0, 2)
  batch.add(buffer, 2, 4)
  const joined = batch.take()
  expect([joined?.toString(), joined?.buffer === buffer.buffer]).toEqual(['abcd', true])
  batch.add(buffer, 0, 1)
  batch.addText('-')
  batch.add(buffer, 1, 1)
  batch.add(buffer, 5, 6)
  expect(batch.take()?.toString()).toBe('a-f')
  expect(batch.take()).toBeUndefined()
})

test('a collector keeps what fits, says when it is full, and holds no more than its limit', () => {
  const collector = new Collector(5)
  expect(collector.bytes()).toHaveLength(0)
  expect([collector.add(Buffer.from('abc')), collector.add(Buffer.from('de'))]).toEqual([true, true])
  expect([collector.add(Buffer.from('fgh')), collector.add(Buffer.from('ijk'))]).toEqual([false, false])
  expect(collector.bytes().toString()).toBe('abcde')
})

const failed = { status: 503, headers: {}, body: undefined, text: '', inBand: false }

test.each([
  ['its verdict', () => ({ kind: 'overloaded', message: 'x' }) as const, { kind: 'overloaded' }],
  ['nothing', () => undefined, { kind: 'overloaded', status: 503 }],
  ['null', () => null, { kind: 'bad_response' }],
  [
    'a throw',
    () => {
      throw new TypeError('typo')
    },
    { kind: 'bad_response', status: 503 },
  ],
  [
    'a thrown fault',
    () => throwFault({ kind: 'quota_exhausted', message: 'x' }),
    { kind: 'quota_exhausted' },
  ],
])('a classifier that answers with %s', (_name, fault, expected) => {
  const provider = { baseUrl: '', operations: {}, authorize: () => ({}), fault: fault as never }
  expect(classify(provider, failed)).toMatchObject(expected)
  expect(classify(provider, { ...failed, inBand: true }).inBand).toBe(true)
})

test('what a codec throws is told to the operator only', () => {
  const bug = new Error('with a secret')
  expect(thrownFault(bug)).toMatchObject({ kind: 'bad_response', thrown: bug })
  expect(thrownFault(bug).message).not.toContain('secret')
})

test.each([
  [{ error: { message: 'x' } }, true],
  [{ error: 'text' }, true],
  [{ error: true }, true],
  [{ error: null }, false],
  [{ error: '' }, false],
  [{ error: 0 }, false],
  [{ error: false }, false],
  [{}, false],
  [null, false],
  [[], false],
  ['error', false],
])('%j is an error body: %s', (body, expected) => {
  expect(isErrorBody(body)).toBe(expected)
})

test('an answer without a date was sent now; one with a date keeps it', () => {
  const clock = new ManualClock()
  expect(dated({}, clock)['date']).toBe(new Date(clock.epoch()).toUTCString())
  expect(dated({ date: 'then' }, clock)['date']).toBe('then')
})

test.each([
  ['application/json', true],
  ['application/problem+json; charset=utf-8', true],
  ['APPLICATION/JSON', true],
  ['text/event-stream', false],
  ['application/x-ndjson', false],
  [undefined, false],
])('content-type %s is JSON: %s', (type, expected) => {
  expect(isJson(type === undefined ? {} : { 'content-type': type })).toBe(expected)
})

test('headers that came twice are joined, others stay', () => {
  expect(singleValues({ a: ['1', '2'], b: '3' })).toEqual({ a: '1, 2', b: '3' })
})

test.each([undefined, null, [], {}, { input_tokens: 'many' }, { input_tokens: 0 }])(
  'Messages usage %j counts nothing, which is unknown and not zero',
  (usage) => {
    expect(messagesUsage(usage)).toBeNull()
  },
)

test('Messages usage counts cached tokens into the prompt', () => {
  const usage = {
    input_tokens: 3,
    output_tokens: 4,
    cache_read_input_tokens: 10,
    cache_creation_input_tokens: 5,
  }
  expect(messagesUsage(usage)).toEqual({
    prompt_tokens: 18,
    completion_tokens: 4,
    total_tokens: 22,
    prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 5 },
  })
})

const vector = [1, -2.5]
const packed = Buffer.from(new Float32Array(vector).buffer).toString('base64')

test.each([
  ['asked for base64, got numbers', 'base64', vector, packed],
  ['asked for base64, got it', 'base64', packed, packed],
  ['asked for numbers, got base64', 'float', packed, vector],
  ['asked for nothing, got base64', undefined, packed, vector],
  ['asked for nothing, got numbers', undefined, vector, vector],
])('embeddings: %s', (_name, asked, embedding, expected) => {
  const body = { object: 'list', data: [{ index: 0, embedding }], usage: { total_tokens: 1 } }
  const bytes = Buffer.from(JSON.stringify(body))
  const answer = matchEncoding(bytes, body, { input: 'x', encoding_format: asked })
  if ('kind' in answer) throw new Error(answer.message)
  expect(answer.value).toMatchObject({
    data: [{ index: 0, embedding: expected }],
    usage: { total_tokens: 1 },
  })
  expect(answer.bytes).toBe(embedding === expected ? bytes : undefined)
})

test.each([
  ['one text', 'x', 0],
  ['two texts', ['x', 'y'], 1],
  ['a list of tokens', [1, 2], 0],
  ['two lists of tokens', [[1], [2]], 1],
])('fewer embeddings than %s asks for is a bad response', (_name, input, count) => {
  const body = { data: Array.from({ length: count }, () => ({ embedding: vector })) }
  expect(matchEncoding(undefined, body, { input })).toMatchObject({ kind: 'bad_response' })
})

test('frames of a whole answer: content, finish, usage; a choice without an index has its place', () => {
  const frames = framesOf('completions', {
    id: 'x',
    choices: [{ text: 'a' }, { text: 'b', finish_reason: 'length' }],
    usage: {},
  })
  expect(frames).toMatchObject([
    {
      choices: [
        { index: 0, text: 'a', finish_reason: null },
        { index: 1, text: 'b', finish_reason: null },
      ],
    },
    {
      choices: [
        { index: 0, text: '', finish_reason: 'stop' },
        { index: 1, finish_reason: 'length' },
      ],
    },
    { choices: [], usage: {} },
  ])
  for (const broken of [null, 'x', {}, { choices: [] }, { choices: {} }])
    expect(() => framesOf('chat', broken)).toThrow(/choices/)
})

function prepared(
  members: object,
  request: ReturnType<Operation['request']>,
  askUsage = false,
  model = 'm',
): ReturnType<typeof prepare> {
  const text = JSON.stringify({ model: 'm', big: 0, ...members }).replace(
    '"big":0',
    '"big":12345678901234567890',
  )
  return prepare({
    operation: 'chat',
    baseUrl: 'http://x/v1',
    codec: { request: () => request },
    call: { model, body: {} } as Call,
    ingress: { bytes: Buffer.from(text), body: JSON.parse(text) as Ingress['body'] } as Ingress,
    headers: { accept: 'a', 'content-type': 'b' },
    askUsage,
  })
}

function bodyOf(request: ReturnType<typeof prepare>): string {
  return Buffer.from(request.body ?? []).toString()
}

test('a request without a body is the client’s own bytes, edited where it must be and nowhere else', () => {
  const path = '/chat'
  expect(bodyOf(prepared({}, { path }))).toBe('{"model":"m","big":12345678901234567890}')
  expect(bodyOf(prepared({}, { path }, false, 'other'))).toBe('{"model":"other","big":12345678901234567890}')
  expect(bodyOf(prepared({}, { path }, true))).toBe(
    '{"model":"m","big":12345678901234567890,"stream_options":{"include_usage":true}}',
  )
  expect(bodyOf(prepared({ stream_options: { x: 1 } }, { path }, true))).toContain(
    '"stream_options":{"x":1,"include_usage":true}',
  )
  expect(bodyOf(prepared({ stream_options: null }, { path }, true))).toContain(
    '"stream_options":{"include_usage":true}',
  )
  expect(bodyOf(prepared({ seed: 1 }, { path, patch: { seed: undefined, n: 2 } }))).toBe(
    '{"model":"m","big":12345678901234567890,"n":2}',
  )
})

test('a request with a body is that body; GET has none; headers are lower case and the request’s own win', () => {
  expect(prepared({}, { path: '/a', body: { x: 1 }, headers: { Accept: 'c' } })).toMatchObject({
    method: 'POST',
    url: 'http://x/v1/a',
    headers: { accept: 'c', 'content-type': 'b' },
  })
  expect(bodyOf(prepared({}, { path: '/a', body: { x: 1 } }))).toBe('{"x":1}')
  expect(prepared({}, { path: '/a', method: 'GET' })).not.toHaveProperty('body')
})

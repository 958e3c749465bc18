import { crc32 } from 'node:zlib'
import { ProviderFault, type SseEvent } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { encodeEvent, encodeMessage, header, textHeader } from '../test/encode-event.ts'
import { eventStream } from './event-stream.ts'

const limits = { eventBytes: 10_000 }

function read(pieces: readonly Uint8Array[]): SseEvent[] {
  const framing = eventStream(limits)
  return [...pieces.flatMap((piece) => framing.push(piece)), ...framing.end()]
}

function problemOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (ProviderFault.is(error) && error.fault.kind === 'bad_response') return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}

const delta = { contentBlockIndex: 0, delta: { text: 'Grüße 👋🏽' } }
const messages = [
  encodeEvent({ event: 'messageStart', payload: { role: 'assistant' } }),
  encodeEvent({ event: 'contentBlockDelta', payload: delta }),
  encodeEvent({ event: 'later', payload: '' }),
  encodeEvent({ exception: 'throttlingException', payload: { message: 'Slow down' } }),
]
const events = [
  { event: 'messageStart', data: '{"role":"assistant"}' },
  { event: 'contentBlockDelta', data: JSON.stringify(delta) },
  { event: 'later', data: '{}' },
  { event: 'exception', data: '{"type":"throttlingException","message":"Slow down"}' },
]

test('messages are read alike in one piece, one piece for each, byte by byte, and cut at every byte', () => {
  const bytes = Buffer.concat(messages)
  expect(read([bytes])).toEqual(events)
  expect(read(messages)).toEqual(events)
  expect(read(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(events)
  for (let at = 1; at < bytes.length; at += 1)
    expect(read([bytes.subarray(0, at), new Uint8Array(), bytes.subarray(at)])).toEqual(events)
})

test('the bytes of the transport are not kept', () => {
  const framing = eventStream(limits)
  const piece = Buffer.from(messages[0]!.subarray(0, 20))
  framing.push(piece)
  piece.fill(0)
  expect(framing.push(messages[0]!.subarray(20))).toEqual(events.slice(0, 1))
})

test('a changed byte is found wherever it is', () => {
  const [message] = messages
  for (let at = 0; at < message!.length; at += 1) {
    const damaged = Buffer.from(message!)
    damaged[at]! ^= 0x01
    expect(problemOf(() => read([damaged]))).toMatch(/damaged|closed inside/)
  }
})

test('a stream that closes inside a message is cut, at every byte', () => {
  const [message] = messages
  for (let at = 1; at < message!.length; at += 1)
    expect(problemOf(() => read([message!.subarray(0, at)]))).toContain('closed inside a message')
  expect(read([])).toEqual([])
})

test('a message above the limit is refused as soon as its length is known', () => {
  const large = encodeEvent({ event: 'contentBlockDelta', payload: 'x'.repeat(20_000) })
  expect(problemOf(() => eventStream(limits).push(large.subarray(0, 12)))).toContain('longer than 10000')
})

test('headers of every type are stepped over', () => {
  const values: readonly (readonly [number, number])[] = [
    [0, 0],
    [1, 0],
    [2, 1],
    [3, 2],
    [4, 4],
    [5, 8],
    [8, 8],
    [9, 16],
  ]
  const odd = values.map(([type, length]) =>
    Buffer.concat([header(`h${type}`, type), Buffer.alloc(length, 0xff)]),
  )
  const bytes = Buffer.concat([header('bytes', 6), Buffer.from([0, 3, 1, 2, 3])])
  const own = [textHeader(':message-type', 'event'), textHeader(':event-type', 'messageStop')]
  const message = encodeMessage(Buffer.concat([...odd, bytes, ...own]), Buffer.from('{}'))
  expect(read([message])).toEqual([{ event: 'messageStop', data: '{}' }])
})

test.each([
  ['a header of an unknown type', header('h', 10), 'unknown type 10'],
  ['a header that is cut off', textHeader('h', 'value').subarray(0, 5), 'cut off'],
  ['a length without its value', header('h', 7), 'cut off'],
  ['no type of message', textHeader(':event-type', 'x'), 'neither an event nor an exception'],
])('%s is a bad response', (_, headers, problem) => {
  expect(problemOf(() => read([encodeMessage(headers, Buffer.from('{}'))]))).toContain(problem)
})

test('headers that are longer than their message are a bad response', () => {
  const message = encodeMessage(Buffer.alloc(0), Buffer.alloc(0))
  expect(problemOf(() => read([message]))).toContain('neither an event nor an exception')
  message.writeUInt32BE(8, 4)
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8)
  expect(problemOf(() => read([message]))).toContain('longer than the message')
})

test('an error is told by its headers, an exception by its payload, whatever that is', () => {
  const error = [
    textHeader(':message-type', 'error'),
    textHeader(':error-code', 'InternalFailure'),
    textHeader(':error-message', 'It broke'),
  ]
  expect(read([encodeMessage(Buffer.concat(error), Buffer.alloc(0))])).toEqual([
    { event: 'exception', data: '{"type":"InternalFailure","message":"It broke"}' },
  ])
  const nameless = encodeMessage(textHeader(':message-type', 'exception'), Buffer.from('no JSON'))
  expect(read([nameless])).toEqual([{ event: 'exception', data: '{"type":"unknown","message":"no JSON"}' }])
  const silent = encodeEvent({ exception: 'validationException', payload: '' })
  expect(read([silent])).toEqual([{ event: 'exception', data: '{"type":"validationException"}' }])
})

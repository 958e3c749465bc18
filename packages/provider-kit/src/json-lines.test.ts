import { describe, expect, test } from 'vitest'
import type { SseEvent } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { jsonLines } from './json-lines.ts'

function read(pieces: readonly Uint8Array[], eventBytes = 1000): readonly SseEvent[] {
  const framing = jsonLines({ eventBytes })
  return [...pieces.flatMap((piece) => framing.push(piece)), ...framing.end()]
}

function thrown(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return ProviderFault.is(error) ? error.fault.kind : error
  }
}

const text = '{"a":"Grüße 👋🏽"}\n\n{"b":"x\\ny"}\r\n \n{"c":1}\n'
const lines = ['{"a":"Grüße 👋🏽"}', '{"b":"x\\ny"}', '{"c":1}'].map((data) => ({ data }))

describe('lines are the same', () => {
  const bytes = Buffer.from(text)

  test('in one piece, byte by byte, and cut at every byte', () => {
    expect(read([bytes])).toEqual(lines)
    expect(read([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(lines)
    for (let at = 0; at <= bytes.length; at += 1)
      expect(read([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(lines)
  })

  test('with CRLF, with a byte order mark, and without the last line end', () => {
    expect(read([Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'))])).toEqual(lines)
    expect(read([Buffer.from(`\u{feff}${text}`)])).toEqual(lines)
    expect(read([bytes.subarray(0, -1)])).toEqual(lines)
  })

  test('when the transport uses its memory again', () => {
    const framing = jsonLines({ eventBytes: 100 })
    const memory = Buffer.from('{"a":')
    framing.push(memory)
    memory.fill('x')
    expect(framing.push(Buffer.from('1}\n'))).toEqual([{ data: '{"a":1}' }])
  })
})

test('events come as soon as their line is whole', () => {
  const framing = jsonLines({ eventBytes: 100 })
  expect(framing.push(Buffer.from('{"a":1}\n{"b"'))).toEqual([{ data: '{"a":1}' }])
  expect(framing.push(Buffer.from(':2}'))).toEqual([])
  expect(framing.push(Buffer.from('\n'))).toEqual([{ data: '{"b":2}' }])
  expect(framing.end()).toEqual([])
  expect(framing.end()).toEqual([])
})

test('a last line that is cut off is no event', () => {
  expect(thrown(() => read([Buffer.from('{"a":1}\n{"b":')]))).toBe('bad_response')
  expect(read([Buffer.from('\n \n')])).toEqual([])
})

describe('the limit', () => {
  const line = '{"a":"0123456789"}'

  test('is what a line may have at most, in whatever pieces it comes', () => {
    const bytes = Buffer.from(`${line}\n`)
    expect(read([bytes], line.length)).toHaveLength(1)
    for (let at = 0; at <= bytes.length; at += 1) {
      const pieces = [bytes.subarray(0, at), bytes.subarray(at)]
      expect(read(pieces, line.length)).toHaveLength(1)
      expect(thrown(() => read(pieces, line.length - 1))).toBe('bad_response')
    }
  })

  test('holds before the line has ended', () => {
    const framing = jsonLines({ eventBytes: 10 })
    framing.push(Buffer.from('0123456789'))
    expect(thrown(() => framing.push(Buffer.from('0')))).toBe('bad_response')
  })

  test('is for each line, not for all of them', () => {
    expect(read([Buffer.from(`${line}\n`.repeat(100))], line.length)).toHaveLength(100)
  })
})

test('a long line in tiny pieces takes time that grows with its length only', () => {
  const piece = Buffer.from('x'.repeat(16))
  const framing = jsonLines({ eventBytes: 1 << 24 })
  const begun = performance.now()
  for (let count = 0; count < 100_000; count += 1) framing.push(piece)
  expect(framing.push(Buffer.from('\n'))[0]?.data).toHaveLength(1_600_000)
  expect(performance.now() - begun).toBeLessThan(2000)
})

import { ProviderFault } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseEvent, SseSplitter, type SseSink } from './sse.ts'

interface Seen {
  bytes: string
  plain: boolean
  event?: string
  data?: string
}

function collect(chunks: readonly Buffer[], limit = 1 << 20): Seen[] {
  const seen: Seen[] = []
  const sink: SseSink = {
    event(buffer, start, end, plain) {
      const parsed = parseEvent(buffer, start, end)
      seen.push({ bytes: buffer.toString('latin1', start, end), plain, ...parsed })
      // A payload that is cut out wrongly shows up as other data than the parser finds.
      const payload = plain ? buffer.toString('utf8', start + 6, end - 2) : parsed?.data
      expect(payload).toBe(parsed?.data)
    },
  }
  const splitter = new SseSplitter(limit)
  for (const chunk of chunks) splitter.push(chunk, sink)
  splitter.finish(sink)
  return seen
}

/** What a client would dispatch. */
const dispatched = (seen: readonly Seen[]): unknown[] =>
  seen.filter(({ data }) => data !== undefined).map(({ event, data, plain }) => ({ event, data, plain }))

const thrown = (run: () => unknown): unknown => {
  try {
    return run()
  } catch (error) {
    return error
  }
}

const tricky: Record<string, string> = {
  plain: 'data: {"a":1}\n\ndata: {"b":2}\n\ndata: [DONE]\n\n',
  crlf: 'data: {"a":1}\r\n\r\ndata: {"b":2}\r\n\r\n',
  cr: 'data: {"a":1}\r\rdata: {"b":2}\r\r',
  mixed: 'data: 1\r\n\ndata: 2\n\r\ndata: 3\r\r\ndata: 4\n\rdata: 5\r\n\r\n\r\n\n\ndata: 6\n\n',
  comments: ': hello\n\ndata: 1\n\n: a\n: b\n\n:\n\ndata: 2\n: inside\n\n',
  fields: 'event: x\ndata: 1\nid: 7\nretry: 3\n\nevent:y\ndata:2\n\ndata\n\ndatax: no\n\nevent: only\n\n',
  lines: 'data: a\ndata: b\ndata:\ndata:  c\n\ndata: \n\n',
  bom: '\uFEFFdata: 1\n\ndata: \uFEFF\n\n',
  unicode: 'data: 世界 👩‍👩‍👧 é\n\ndata: \u2028\u0085\n\n',
  unfinished: 'data: 1\n\ndata: 2',
  'unfinished line': 'data: 1\n\ndata: 2\n',
  'unfinished cr': 'data: 1\r\n\r\ndata: 2\r\n',
  blanks: '\n\n\r\n\rdata: 1\n\n\n\n',
}

describe('SseSplitter', () => {
  test.each(Object.entries(tricky))('gives the same events wherever it is cut: %s', (_, text) => {
    const bytes = Buffer.from(text)
    const whole = dispatched(collect([bytes]))
    for (let at = 0; at <= bytes.length; at++) {
      expect(dispatched(collect([bytes.subarray(0, at), bytes.subarray(at)]))).toEqual(whole)
      const middle = Math.min(at + 1, bytes.length)
      expect(
        dispatched(collect([bytes.subarray(0, at), bytes.subarray(at, middle), bytes.subarray(middle)])),
      ).toEqual(whole)
    }
    expect(dispatched(collect([...bytes].map((byte) => Buffer.from([byte]))))).toEqual(whole)
  })

  const data = (text: string): unknown[] => dispatched(collect([Buffer.from(text)]))

  test('reads every line end, comments, multi-line data and a byte order mark', () => {
    const values = (text: string): unknown[] =>
      collect([Buffer.from(text)]).flatMap((seen) => seen.data ?? [])
    expect(values(tricky['mixed'] ?? '')).toEqual(['1', '2', '3', '4', '5', '6'])
    expect(values(tricky['cr'] ?? '')).toEqual(['{"a":1}', '{"b":2}'])
    expect(values(tricky['comments'] ?? '')).toEqual(['1', '2'])
    expect(values(tricky['lines'] ?? '')).toEqual(['a\nb\n\n c'])
    expect(values(tricky['bom'] ?? '')).toEqual(['1', '\uFEFF'])
    expect(values(tricky['unfinished'] ?? '')).toEqual(['1', '2'])
    expect(data(tricky['fields'] ?? '')).toEqual([
      { event: 'x', data: '1', plain: false },
      { event: 'y', data: '2', plain: false },
    ])
  })

  test('calls only the canonical form plain', () => {
    const plain = (text: string): boolean[] => collect([Buffer.from(text)]).map((seen) => seen.plain)
    expect(plain('data: x\n\n')).toEqual([true])
    for (const other of [
      'data:x\n\n',
      'data: x\r\n\r\n',
      'data: x\n\r\n',
      'data: x\r\n\n',
      'data: \n\n',
      'event: a\ndata: x\n\n',
      ':data: x\n\n',
      'data: x\ndata: y\n\n',
      'data: x',
    ]) {
      expect(plain(other)).toEqual([false])
    }
  })

  test('hands out an event that lies inside a chunk without copying it', () => {
    const chunk = Buffer.from('data: 1\n\ndata: 2\n\n')
    const buffers: Buffer[] = []
    new SseSplitter(100).push(chunk, { event: (buffer) => void buffers.push(buffer) })
    expect(buffers).toEqual([chunk, chunk])
    expect(buffers[1]).toBe(chunk)
  })

  test('never overwrites an event that it has handed out', () => {
    const ranges: Buffer[] = []
    const sink: SseSink = { event: (buffer, start, end) => void ranges.push(buffer.subarray(start, end)) }
    const splitter = new SseSplitter(100)
    for (const part of ['data: o', 'ne\n\ndata: t', 'wo\n\ndata: three', '\n\n'])
      splitter.push(Buffer.from(part), sink)
    expect(ranges.map(String)).toEqual(['data: one\n\n', 'data: two\n\n', 'data: three\n\n'])
  })

  test('reports an event at its blank line, without waiting for more bytes', () => {
    let events = 0
    const sink: SseSink = { event: () => void events++ }
    for (const end of ['\n\n', '\r\n\r', '\r\r', '\n\r']) {
      events = 0
      new SseSplitter(100).push(Buffer.from(`data: x${end}`), sink)
      expect(events).toBe(1)
    }
  })

  test.each([1, 7, 1000])('faults above the limit, in chunks of %d bytes', (size) => {
    const bytes = Buffer.from(`data: ok\n\ndata: ${'x'.repeat(200)}\n\n`)
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size))
    expect(() => collect(chunks, 100)).toThrow(/more than 100 bytes/)
    const fault = thrown(() => collect(chunks, 100))
    expect(ProviderFault.is(fault) && fault.fault.kind).toBe('bad_response')
    expect(collect(chunks, 300)).toHaveLength(2)
  })

  test('takes a 16 MiB event in 1 KiB chunks', () => {
    const total = 16 << 20
    const chunk = Buffer.alloc(1024, 'x')
    const splitter = new SseSplitter(total + 100)
    const sizes: number[] = []
    const sink: SseSink = { event: (_, start, end) => void sizes.push(end - start) }
    splitter.push(Buffer.from('data: '), sink)
    for (let at = 0; at < total; at += chunk.length) splitter.push(chunk, sink)
    splitter.push(Buffer.from('\n\n'), sink)
    expect(sizes).toEqual([total + 8])
  })

  test('survives random bytes, and cutting never changes what is dispatched', () => {
    const noise = fc.oneof(
      fc
        .constantFrom(
          '\n',
          '\r',
          '\r\n',
          'data',
          'data:',
          'data: ',
          'event: e',
          ':',
          ' ',
          '{"x":1}',
          '\uFEFF',
          'é',
        )
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
    )
    fc.assert(
      fc.property(
        fc.array(noise, { maxLength: 40 }),
        fc.array(fc.nat(5), { maxLength: 40 }),
        (parts, cuts) => {
          const bytes = Buffer.concat(parts)
          const chunks: Buffer[] = []
          let at = 0
          for (const cut of cuts) chunks.push(bytes.subarray(at, (at += cut)))
          chunks.push(bytes.subarray(at))
          const events = collect(chunks)
          expect(dispatched(events)).toEqual(dispatched(collect([bytes])))
          expect(events.reduce((sum, { bytes: part }) => sum + part.length, 0)).toBeLessThanOrEqual(
            bytes.length,
          )
        },
      ),
      { numRuns: 1500 },
    )
  })
})

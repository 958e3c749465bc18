import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSseParser, formatSse, parseSse, sseBlocks } from './sse-parser.ts'

test.each<[string, string, object[]]>([
  ['line feeds', 'data: a\n\ndata: b\n\n', [{ data: 'a' }, { data: 'b' }]],
  ['carriage returns', 'data: a\r\rdata: b\r\r', [{ data: 'a' }, { data: 'b' }]],
  ['both', 'data: a\r\n\r\ndata: b\r\n\r\n', [{ data: 'a' }, { data: 'b' }]],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ data: 'a' }]],
  ['comments', ': hello\n\ndata: a\n: between\ndata: b\n\n', [{ data: 'a\nb' }]],
  ['several data lines', 'data: {\ndata: }\n\n', [{ data: '{\n}' }]],
  ['an event name', 'event: ping\ndata: {}\n\ndata: x\n\n', [{ event: 'ping', data: '{}' }, { data: 'x' }]],
  ['no space, two spaces', 'data:a\n\ndata:  b\n\n', [{ data: 'a' }, { data: ' b' }]],
  ['an event without data', 'event: ping\n\ndata: a\n\n', [{ data: 'a' }]],
  ['empty data', 'data:\n\ndata\n\n', []],
  ['other fields', 'id: 7\nretry: 5\nnonsense\ndata: a\n\n', [{ data: 'a' }]],
  ['no blank line at the end', 'data: a\n\ndata: b', [{ data: 'a' }, { data: 'b' }]],
  ['line separators that are none in SSE', 'data: a\u2028b\u0085c\n\n', [{ data: 'a\u2028b\u0085c' }]],
])('reads %s', (_, text, events) => {
  expect(parseSse(text)).toEqual(events)
})

const line = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !/[\r\n\uFEFF]/.test(text))
const event = fc.record({ event: fc.constantFrom('ping', 'delta'), data: line.map((text) => `x${text}`) })
const newline = fc.constantFrom('\n', '\r', '\r\n')

test('reads the same however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 4 }), newline, fc.array(fc.nat(200)), (events, end, cuts) => {
      const text = events.map((one) => formatSse(one).toString()).join('')
      const bytes = Buffer.from(text.replaceAll('\n', end))
      const parser = createSseParser()
      const places = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const found = places.flatMap((place, index) => parser.push(bytes.subarray(place, places[index + 1])))
      expect([...found, ...parser.end()]).toEqual(events)
    }),
  )
})

test('blocks hold one event each and are the body together', () => {
  const body = Buffer.from(': first\r\n\r\ndata: ä\r\n\r\nevent: x\r\ndata: b\r\n\r\n: last\r\n')
  const blocks = sseBlocks(body)
  expect(Buffer.concat(blocks)).toEqual(body)
  expect(blocks.map((block) => parseSse(block).length)).toEqual([1, 1, 0])
  expect(blocks.every((block) => block[0] !== 0x0a)).toBe(true)
})

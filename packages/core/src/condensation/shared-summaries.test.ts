import { expect, test } from 'vitest'
import { readSummary, writeSummary } from './shared-summaries.ts'

test('a summary is read as it was written', () => {
  const summary = { text: 'Ümlauts, "quotes"\n\u2028 and 😀', leftOut: { image: 2, thinking: 1 } }
  expect(readSummary(writeSummary(summary))).toEqual(summary)
  expect(readSummary(writeSummary({ text: 'x', leftOut: {} }))).toEqual({ text: 'x', leftOut: {} })
})

test('members that are not known are left out, whoever has written them', () => {
  const more = { text: 'x', leftOut: { image: 1 }, made: 'by another version' }
  expect(readSummary(JSON.stringify(more))).toEqual({ text: 'x', leftOut: { image: 1 } })
  expect(JSON.parse(writeSummary(more))).toEqual({ text: 'x', leftOut: { image: 1 } })
})

test.each([
  '',
  'a text',
  '{"text":"cut off',
  'null',
  '[]',
  '"text"',
  '{}',
  '{"text":"","leftOut":{}}',
  '{"text":"x"}',
  '{"text":7,"leftOut":{}}',
  '{"text":"x","leftOut":[1]}',
  '{"text":"x","leftOut":{"image":"2"}}',
  '{"text":"x","leftOut":{"image":-1}}',
  '{"text":"x","leftOut":{"image":1.5}}',
  '{"text":"x","leftOut":{"image":1e400}}',
  `{"text":"x","leftOut":{"${'x'.repeat(65)}":1}}`,
  '{"text":"x","leftOut":{"constructor":1}}',
  JSON.stringify({ text: 'x'.repeat(1_048_576), leftOut: {} }),
])('%.60s is none', (text) => {
  expect(readSummary(text)).toBeUndefined()
})

test('a prototype is no count', () => {
  const found = readSummary('{"text":"x","leftOut":{"__proto__":1,"image":1}}')
  expect(Object.getPrototypeOf(found?.leftOut ?? {})).toBe(Object.prototype)
  expect((found?.leftOut as { polluted?: unknown } | undefined)?.polluted).toBeUndefined()
})

import { expect, test } from 'vitest'
import { sampleCall } from '../test/subject.ts'
import { looseTools } from './loose-tools.ts'

const loose = (parameters: unknown): unknown => {
  const [tool] = looseTools(
    [{ type: 'function', function: { name: 'a', parameters } }],
    'tools',
    sampleCall({}),
  )
  return (tool as { function: { parameters: unknown } }).function.parameters
}

test.each<[unknown, unknown]>([
  [{ additionalProperties: false }, {}],
  [{ items: { additionalProperties: false, type: 'object' } }, { items: { type: 'object' } }],
  [{ oneOf: [{ additionalProperties: false }, true] }, { oneOf: [{}, true] }],
  [{ $defs: { a: { additionalProperties: false } } }, { $defs: { a: {} } }],
])('%j becomes %j', (given, expected) => {
  expect(loose(given)).toEqual(expected)
})

test.each<[unknown]>([
  [{ additionalProperties: true }],
  [{ additionalProperties: { type: 'string' } }],
  [{ properties: { additionalProperties: false } }],
  [{ enum: [{ additionalProperties: false }] }],
  [{ default: { additionalProperties: false } }],
  [undefined],
  [null],
])('%j stays the same value', (given) => {
  expect(loose(given)).toBe(given)
})

test('tools that need nothing are the same list', () => {
  const tools = [{ type: 'function', function: { name: 'a' } }, { type: 'web_search' }]
  expect(looseTools(tools, 'tools', sampleCall({}))).toBe(tools)
})

import { expect, test } from 'vitest'
import { lastTextOf, playOf } from './play.ts'

test('a text without directives is answered with a text', () => {
  expect(playOf('Hello')).toEqual({
    toolCalls: 0,
    noArguments: false,
    reasoning: false,
    length: false,
    text: 'Grüße 👋🏽 from the vendor',
  })
})

test('directives are read wherever they stand', () => {
  expect(playOf('a [tools:2] b [no-arguments][reasoning]\n[length]')).toMatchObject({
    toolCalls: 2,
    noArguments: true,
    reasoning: true,
    length: true,
  })
  expect(playOf('[tools:]').toolCalls).toBe(0)
})

test.each<[unknown, string]>([
  [[{ content: 'a' }, { content: 'b' }], 'b'],
  [[{ content: [{ type: 'text', text: 'a' }, { type: 'image_url' }, null, { text: 'b' }] }], 'a\n\n\nb'],
  [[{ content: null }], ''],
  [[{}], ''],
  [[null], ''],
  [[], ''],
  ['text', ''],
  [undefined, ''],
])('the last text of %j', (messages, text) => {
  expect(lastTextOf(messages)).toBe(text)
})

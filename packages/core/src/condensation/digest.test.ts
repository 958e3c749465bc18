import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { prefixDigests, promptDigest } from './digest.ts'

const system = { role: 'system', content: 'It is noon.' }
const messages: readonly JsonObject[] = [
  { role: 'user', content: 'a' },
  { role: 'assistant', content: 'b' },
  { role: 'user', content: 'c' },
]

const whole = (given: readonly JsonObject[], caller = 'team', model = 'm') =>
  prefixDigests(caller, model, given).at(-1)

test('every beginning of a conversation has its own name, which does not change when it goes on', () => {
  const all = prefixDigests('team', 'm', messages)
  expect([all.length, new Set(all).size]).toEqual([4, 4])
  for (let end = 0; end <= messages.length; end += 1)
    expect(prefixDigests('team', 'm', messages.slice(0, end))).toEqual(all.slice(0, end + 1))
})

test('callers and models have names of their own, however they are called', () => {
  const names = [
    ['team', 'm'],
    ['team', 'n'],
    ['other', 'm'],
    ['', 'teamm'],
    ['teamm', ''],
    ['team","m', ''],
    ['m', 'team'],
  ].map(([caller, model]) => whole(messages, caller, model))
  expect(new Set(names).size).toBe(names.length)
})

test('whatever is said differently changes the name of all that follows, and of nothing before', () => {
  const message = fc.record({
    role: fc.constantFrom('user', 'assistant', 'tool'),
    content: fc.oneof(
      fc.string(),
      fc.constant(null),
      fc.array(fc.record({ type: fc.constant('text'), text: fc.string() })),
    ),
  })
  const conversations = fc
    .array(message, { minLength: 1, maxLength: 8 })
    .chain((given) => fc.tuple(fc.constant(given), fc.nat(given.length - 1), fc.string()))
  fc.assert(
    fc.property(conversations, ([given, at, word]) => {
      const before = prefixDigests('c', 'm', given)
      const changed = given.with(at, {
        ...given[at]!,
        content: `other ${word} ${JSON.stringify(given[at]!.content)}`,
      })
      const after = prefixDigests('c', 'm', changed)
      expect(after.slice(0, at + 1)).toEqual(before.slice(0, at + 1))
      for (let index = at + 1; index < before.length; index += 1) expect(after[index]).not.toBe(before[index])
    }),
    { numRuns: 100 },
  )
})

test.each<[what: string, member: JsonObject]>([
  ['role', { role: 'assistant' }],
  ['content', { content: 'other' }],
  ['image', { content: [{ type: 'image_url', image_url: { url: 'data:,a' } }] }],
  ['name', { name: 'Ada' }],
  ['calls', { tool_calls: [{ id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }] }],
  ['call of old', { function_call: { name: 'f', arguments: '{}' } }],
  ['call that it answers', { tool_call_id: 'a' }],
  ['refusal', { refusal: 'No.' }],
  ['recording', { audio: { id: 'a' } }],
])('%s counts', (_, member) => {
  const given = messages.with(0, { ...messages[0], ...member })
  expect(whole(given)).not.toBe(whole(messages))
})

test.each<[what: string, same: JsonObject]>([
  ['members that say nothing', { refusal: null, tool_calls: null, name: undefined, annotations: [] }],
  ['a refusal without a word', { refusal: '' }],
  ['a text as its only part', { content: [{ type: 'text', text: 'a' }] }],
  [
    'a mark for the cache of the vendor',
    { content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
  ],
])('%s does not', (_, member) => {
  const given = messages.with(0, { ...messages[0], ...member })
  expect(whole(given)).toBe(whole(messages))
})

test('what was said aloud counts, and not its bytes', () => {
  const aloud = (audio: JsonObject) => whole([{ role: 'assistant', content: null, audio }])
  expect(aloud({ id: 'a', transcript: 'Yes.' })).not.toBe(aloud({ id: 'a', transcript: 'No.' }))
  expect(aloud({ id: 'a', transcript: 'Yes.', data: 'AAAA' })).toBe(aloud({ id: 'a', transcript: 'Yes.' }))
})

test('several parts are not the same as one text', () => {
  const parts = (...texts: string[]) =>
    whole([{ role: 'user', content: texts.map((text) => ({ type: 'text', text })) }])
  const names = [parts('a', 'b'), parts('ab'), parts('a'), parts(), whole([{ role: 'user', content: '' }])]
  expect(new Set(names).size).toBe(names.length)
})

test('system messages are no part of it, wherever they stand: no summary tells of them', () => {
  const [first, ...rest] = messages
  const noon = prefixDigests('team', 'm', [system, first!, { role: 'developer', content: 'Now.' }, ...rest])
  const all = prefixDigests('team', 'm', messages)
  expect(noon).toEqual([all[0], all[0], all[1], all[1], all[2], all[3]])
})

test('a text prompt is named as a whole, and is no conversation', () => {
  const names = [
    promptDigest('team', 'm', 'text'),
    promptDigest('team', 'm', 'text '),
    promptDigest('team', 'n', 'text'),
    promptDigest('other', 'm', 'text'),
    promptDigest('team', 'm', ''),
    whole([]),
    whole([{ role: 'user', content: 'text' }]),
  ]
  expect(new Set(names).size).toBe(names.length)
  expect(promptDigest('team', 'm', 'text')).toBe(names[0])
})

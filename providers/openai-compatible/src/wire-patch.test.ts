import { expect, test } from 'vitest'
import { wirePatch, type WireNames } from './wire-patch.ts'

const developer = { role: 'developer', content: 'a', name: 'n' }
const system = { role: 'system', content: 'a', name: 'n' }
const user = { role: 'user', content: 'b' }

test.each<[string, object, WireNames, object | undefined]>([
  ['nothing is asked for', { max_tokens: 5, max_completion_tokens: 6, messages: [developer] }, {}, undefined],
  ['the name is right already', { max_tokens: 5 }, { max_tokens_field: 'max_tokens' }, undefined],
  [
    'max_completion_tokens is not understood',
    { max_completion_tokens: 5 },
    { max_tokens_field: 'max_tokens' },
    { max_completion_tokens: undefined, max_tokens: 5 },
  ],
  [
    'max_tokens is not understood',
    { max_tokens: 5 },
    { max_tokens_field: 'max_completion_tokens' },
    { max_tokens: undefined, max_completion_tokens: 5 },
  ],
  [
    'both stand there',
    { max_tokens: 5, max_completion_tokens: 6 },
    { max_tokens_field: 'max_tokens' },
    { max_completion_tokens: undefined, max_tokens: 5 },
  ],
  [
    'developer is not understood',
    { messages: [developer, user] },
    { developer_role: 'system' },
    { messages: [system, user] },
  ],
  [
    'system is not understood',
    { messages: [system, user] },
    { developer_role: 'developer' },
    { messages: [developer, user] },
  ],
  [
    'no message has the other role',
    { messages: [system, user, null, 7] },
    { developer_role: 'system' },
    undefined,
  ],
  ['there are no messages', { messages: 'x' }, { developer_role: 'system' }, undefined],
])('when %s', (_, body, names, patch) => {
  expect(wirePatch(Object.freeze(body) as Record<string, unknown>, 'chat', names)).toStrictEqual(patch)
})

test('other operations are left alone', () => {
  expect(
    wirePatch({ max_tokens: 5 }, 'embeddings', { max_tokens_field: 'max_completion_tokens' }),
  ).toBeUndefined()
})

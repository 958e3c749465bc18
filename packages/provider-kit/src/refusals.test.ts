import { expect, test } from 'vitest'
import { badResponse, kindOf, notOffered, refuse, stringAt } from './refusals.ts'

test('refusals name the path, and say who is to blame', () => {
  expect(refuse('messages[0].role', 'must be a string').fault).toEqual({
    kind: 'invalid_request',
    message: 'messages[0].role: must be a string',
    param: 'messages[0].role',
  })
  expect(notOffered('tools', 'this wire format has no tools').fault).toEqual({
    kind: 'unsupported',
    message: 'tools: this wire format has no tools',
    param: 'tools',
  })
  expect(badResponse('no choices').fault).toEqual({
    kind: 'bad_response',
    message: 'upstream answer is malformed: no choices',
  })
})

test('stringAt() gives the string, or refuses with its path', () => {
  expect(stringAt({ name: '' }, 'name', 'tools[0]')).toBe('')
  for (const name of [undefined, null, 5, {}])
    expect(() => stringAt({ name }, 'name', 'tools[0]')).toThrow('tools[0].name: must be a string, found ')
})

test.each<[unknown, string]>([
  [undefined, 'nothing'],
  [null, 'null'],
  [[], 'an array'],
  [{}, 'a value of type object'],
  ['secret', 'a value of type string'],
  [5, 'a value of type number'],
])('kindOf(%j) is %s', (value, kind) => {
  expect(kindOf(value)).toBe(kind)
})

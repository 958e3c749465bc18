import { expect, test } from 'vitest'
import { modelWindows } from './model-windows.ts'

test('the first member with a number counts, also inside of an object', () => {
  const windows = modelWindows({ members: ['room', 'limits.context'] })
  const data = [
    { id: 'both', room: 8_192, limits: { context: 4_096 } },
    { id: 'inside', room: null, limits: { context: 4_096 } },
    { id: 'none', limits: 4_096 },
  ]
  expect(windows({ data })).toEqual({ both: 8_192, inside: 4_096 })
})

test('the list and the ids may have other names', () => {
  const windows = modelWindows({ members: ['room'], list: 'models', id: 'name' })
  expect(windows({ models: [{ name: 'a', id: 'b', room: 9 }], data: [{ name: 'c', room: 9 }] })).toEqual({
    a: 9,
  })
})

test.each([0, -1, 1.5, '8192', null, Infinity, {}])('%j is no window', (room) => {
  expect(modelWindows({ members: ['room'] })({ data: [{ id: 'a', room }] })).toEqual({})
})

test.each([
  undefined,
  null,
  'text',
  [],
  {},
  { data: 'text' },
  { data: [null, 7, {}, { room: 9 }, { id: '', room: 9 }] },
])('nothing is found in %j', (body) => {
  expect(modelWindows({ members: ['room'] })(body)).toEqual({})
})

test('an id may be any text', () => {
  const found = modelWindows({ members: ['room'] })({ data: [{ id: '__proto__', room: 9 }] })
  expect(Object.entries(found)).toEqual([['__proto__', 9]])
})

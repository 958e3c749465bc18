import { expect, test } from 'vitest'
import { createCallIds } from './call-ids.ts'

test('an id that every turn repeats is counted on, in time that grows with the turns alone', () => {
  const ids = createCallIds()
  const turns = 30_000
  const begun = performance.now()
  const given = Array.from({ length: turns }, () => {
    ids.nextTurn()
    return ids.issue('call_0')
  })
  // Counting from the start in every turn takes half a minute.
  expect(performance.now() - begun).toBeLessThan(2000)
  expect(given.slice(0, 3)).toEqual(['call_0', 'call_0_2', 'call_0_3'])
  expect(new Set(given).size).toBe(turns)
})

test('an id that looks like a counted one stays unique', () => {
  const ids = createCallIds()
  const given = ['a', 'a_2', 'a', 'a_2'].map((id) => {
    ids.nextTurn()
    return ids.issue(id)
  })
  expect(new Set(given).size).toBe(4)
})

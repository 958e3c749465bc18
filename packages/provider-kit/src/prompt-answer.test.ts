import { expect, test } from 'vitest'
import { promptFinish, promptUsage } from './prompt-answer.ts'

test.each([
  ['stop', 'stop'],
  ['max_tokens', 'length'],
  ['tool_calls', 'stop'],
  ['a word that nobody knows', 'stop'],
  [undefined, 'stop'],
])('the finish %s is %s', (word, reason) => {
  expect(promptFinish(word)).toBe(reason)
})

test('a word that means a failure is one', () => {
  expect(() => promptFinish('error')).toThrow('broke off: error')
})

test('usage that is not told is zeros; what is told stays, and gets its total', () => {
  expect(promptUsage(null)).toEqual({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 })
  expect(promptUsage({ prompt_tokens: 2, completion_tokens: 3, cost: 1 })).toEqual({
    prompt_tokens: 2,
    completion_tokens: 3,
    total_tokens: 5,
    cost: 1,
  })
})

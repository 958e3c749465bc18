import { expect, test } from 'vitest'
import { reasonOf } from './connection.ts'

test.each([
  [Object.assign(new Error('connect ECONNREFUSED 10.0.0.1:6379'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [new Error('MOVED 3999 10.0.0.1:6381'), 'it is a node of a cluster, which is not supported'],
  [new Error('ASK 3999 10.0.0.1:6381'), 'it is a node of a cluster, which is not supported'],
  [
    new Error('LOADING Redis is loading the dataset in memory'),
    'LOADING Redis is loading the dataset in memory',
  ],
  [new Error('x'.repeat(10_000)), 'x'.repeat(200)],
])('the reason of "%.40s" names no address, and has an end', (error, reason) => {
  expect(reasonOf(error)).toBe(reason)
})

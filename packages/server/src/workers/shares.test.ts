import { checkConfig } from '@llmproxy/core'
import { expect, test } from 'vitest'
import { raisedLimits, shareOf } from './shares.ts'

function configWith(max_connections: number, rate_limit: number | null) {
  const provider = { name: 'one', type: 'mock', models: ['m'], max_connections, rate_limit }
  return checkConfig({ workers: 4, providers: [provider] }).config!
}

function shares(max_connections: number, rate_limit: number | null) {
  const config = configWith(max_connections, rate_limit)
  return [0, 1, 2, 3].map((index) => shareOf(config, { index, count: 4 }).providers[0]!)
}

test.each([
  [100, [25, 25, 25, 25]],
  [10, [3, 3, 2, 2]],
  [5, [2, 1, 1, 1]],
  [4, [1, 1, 1, 1]],
])('%i slots are shared out among four workers, none more and none less', (limit, expected) => {
  expect(shares(limit, limit).map((entry) => entry.max_connections)).toEqual(expected)
  expect(shares(limit, limit).map((entry) => entry.rate_limit)).toEqual(expected)
})

test('no limit stays no limit; nothing else of the entry changes', () => {
  const config = configWith(8, null)
  const [entry] = shareOf(config, { index: 0, count: 4 }).providers
  expect(entry).toEqual({ ...config.providers[0], max_connections: 2 })
})

test('a limit below the number of workers is raised to it, and said to be', () => {
  expect(shares(2, 3).map((entry) => [entry.max_connections, entry.rate_limit])).toEqual(
    Array.from({ length: 4 }, () => [1, 1]),
  )
  expect(raisedLimits(configWith(2, 4))).toEqual([
    'max_connections of the provider one is 2, and each of the 4 workers takes one: it acts like 4',
  ])
  expect(raisedLimits(configWith(4, null))).toEqual([])
})

test('the budget of summaries is shared out as well; without one, and without condensation, there is nothing to share', () => {
  const budgets = (condensation: object | undefined) => {
    const { config } = checkConfig({ workers: 4, ...(condensation && { condensation }), providers: [] })
    return [0, 1, 2, 3].map((index) => shareOf(config!, { index, count: 4 }).condensation?.calls_per_minute)
  }
  expect(budgets({ calls_per_minute: 10 })).toEqual([3, 3, 2, 2])
  expect(budgets({ calls_per_minute: 1 })).toEqual([1, 1, 1, 1])
  expect(budgets({ calls_per_minute: null })).toEqual([null, null, null, null])
  expect(budgets(undefined)).toEqual([undefined, undefined, undefined, undefined])
})

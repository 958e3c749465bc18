import { beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import { Windows } from './windows.ts'

const hours = 3_600_000
const target = { model: 'm', upstreamModel: 'up', caller: 'team' }

function live(members: object = {}): LiveProvider {
  return { name: 'toy', identity: 'here', ...members } as LiveProvider
}

let clock: ManualClock
let windows: Windows
let listed: number | undefined
let refreshed: string[]
const catalogue = {
  window: (_live: LiveProvider, id: string) => (id === 'up' ? listed : undefined),
  refreshInBackground: ({ name }: LiveProvider) => void refreshed.push(name),
} as ModelCatalogue

beforeEach(() => {
  clock = new ManualClock()
  windows = new Windows(clock)
  listed = undefined
  refreshed = []
})

function windowOf(model: object | string = 'm', provider = live()): number | undefined {
  return windows.windowOf(provider, { ...target, model: model as string }, catalogue)
}

test('nobody has said: unknown, and the list is asked for', () => {
  expect(windowOf()).toBeUndefined()
  expect(refreshed).toEqual(['toy'])
})

test('the configuration is believed before a list and before an error, and then no list is asked for', () => {
  listed = 4_000
  windows.learn(live(), target, 2_000)
  expect(windowOf({ id: 'm', context_window: 9_000 })).toBe(9_000)
  expect(refreshed).toEqual([])
})

test('a list with a number that no model has says nothing', () => {
  listed = 1
  expect(windowOf()).toBeUndefined()
  windows.learn(live(), target, 2_000)
  expect(windowOf()).toBe(2_000)
})

test('what was learnt is forgotten when the configuration names a window', () => {
  windows.learn(live(), target, 2_000)
  windowOf({ id: 'm', context_window: 9_000 })
  expect(windowOf()).toBeUndefined()
})

test('the list is believed before an error that names more, an error that names less before the list', () => {
  listed = 8_000
  windows.learn(live(), target, 16_000)
  expect(windowOf()).toBe(8_000)
  windows.learn(live(), target, 4_000)
  expect(windowOf()).toBe(4_000)
  listed = undefined
  expect(windowOf()).toBe(4_000)
})

test('a list that changes is newer than the error', () => {
  windows.learn(live(), target, 4_000)
  expect(windowOf()).toBe(4_000)
  listed = 8_000
  expect(windowOf()).toBe(4_000)
  listed = 32_000
  expect(windowOf()).toBe(32_000)
  listed = 8_000
  expect(windowOf()).toBe(8_000)
})

test('an error is believed for a day, the latest one', () => {
  windows.learn(live(), target, 4_000)
  clock.advance(23 * hours)
  expect(windowOf()).toBe(4_000)
  windows.learn(live(), target, 6_000)
  clock.advance(23 * hours)
  expect(windowOf()).toBe(6_000)
  clock.advance(hours)
  expect(windowOf()).toBeUndefined()
})

test('what was learnt is about one model at one address', () => {
  windows.learn(live(), target, 4_000)
  expect(windows.windowOf(live(), { ...target, upstreamModel: 'other' }, catalogue)).toBeUndefined()
  expect(windowOf('m', live({ identity: 'moved' }))).toBeUndefined()
  expect(windowOf('m', live({ name: 'twin' }))).toBeUndefined()
  expect(windows.windowOf(live(), { ...target, caller: 'other' }, catalogue)).toBeUndefined()
  expect(windowOf()).toBe(4_000)
})

test.each([Number.NaN, Infinity, 0, -5, 255, 1_000.5])('%d is no limit of a model', (limit) => {
  windows.learn(live(), target, limit)
  expect(windowOf()).toBeUndefined()
})

test('a limit below a prompt that was answered was none', () => {
  windows.learn(live(), target, 4_000)
  windows.answered(live(), target, 4_000)
  windows.answered(live(), { ...target, caller: 'other' }, 5_000)
  expect(windowOf()).toBe(4_000)
  windows.answered(live(), target, 4_001)
  expect(windowOf()).toBeUndefined()
})

test('names that clients make up do not add up: the oldest are forgotten', () => {
  for (let index = -1; index < 10_001; index++) {
    windows.learn(live(), { ...target, upstreamModel: `m${index}` }, 4_000)
    // Learnt again, and so no longer the oldest.
    if (index === 2) windows.learn(live(), { ...target, upstreamModel: 'm-1' }, 4_000)
  }
  const known = (index: number) =>
    windows.windowOf(live(), { ...target, upstreamModel: `m${index}` }, catalogue)
  expect([known(0), known(1), known(2), known(-1), known(10_000)]).toEqual([
    undefined,
    undefined,
    4_000,
    4_000,
    4_000,
  ])
})

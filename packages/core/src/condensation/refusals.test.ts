import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { Refusals } from './refusals.ts'

const live = { name: 'one', identity: 'https://one.example' } as unknown as LiveProvider
const other = { name: 'one', identity: 'https://other.example' } as unknown as LiveProvider
const model = { upstreamModel: 'small', caller: 'team' }

test('the smallest refusal of a deployment counts, for ten minutes, and for no other', () => {
  const clock = new ManualClock()
  const refusals = new Refusals(clock)
  for (const tokens of [9000, 8000, 8500]) refusals.note(live, model, tokens)
  expect(refusals.smallest(live, model)).toBe(8000)
  expect(refusals.smallest(live, { ...model, upstreamModel: 'large' })).toBeUndefined()
  expect(refusals.smallest(other, model)).toBeUndefined()
  expect(refusals.smallest(live, { ...model, caller: 'other' })).toBeUndefined()
  clock.advance(10 * 60 * 1000)
  expect(refusals.smallest(live, model)).toBeUndefined()
  refusals.note(live, model, 8500)
  expect(refusals.smallest(live, model)).toBe(8500)
})

test('names of models from clients do not fill the memory', () => {
  const refusals = new Refusals(new ManualClock())
  for (let index = 0; index < 15_000; index++)
    refusals.note(live, { ...model, upstreamModel: `m${index}` }, 8000)
  const kept = Array.from({ length: 15_000 }, (_, index) => ({ ...model, upstreamModel: `m${index}` }))
  expect(kept.filter((each) => refusals.smallest(live, each) !== undefined).length).toBeLessThanOrEqual(
    10_000,
  )
})

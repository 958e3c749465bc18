import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { Densities } from './densities.ts'

const live = { name: 'one', identity: 'https://one.example' } as unknown as LiveProvider
const asked = { upstreamModel: 'small', caller: 'me' }

test('the last count of a caller at a deployment is expected, for ten minutes, and nowhere else', () => {
  const clock = new ManualClock()
  const densities = new Densities(clock)
  expect(densities.of(live, asked)).toBe(1)
  densities.note(live, asked, 2)
  densities.note(live, asked, 1.5)
  expect(densities.of(live, asked)).toBe(1.5)
  expect(densities.of(live, { ...asked, caller: 'somebody else' })).toBe(1)
  expect(densities.of(live, { ...asked, upstreamModel: 'large' })).toBe(1)
  clock.advance(10 * 60 * 1000)
  expect(densities.of(live, asked)).toBe(1)
})

test('names of models from clients do not fill the memory', () => {
  const densities = new Densities(new ManualClock())
  const models = Array.from({ length: 12_000 }, (_, index) => ({ ...asked, upstreamModel: `m${index}` }))
  for (const each of models) densities.note(live, each, 2)
  expect(models.filter((each) => densities.of(live, each) !== 1).length).toBe(10_000)
})

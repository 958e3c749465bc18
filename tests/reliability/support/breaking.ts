import { systemClock } from '@llmproxy/core'
import { type Answer, type FakeUpstream, fakeUpstream } from './fake-upstream.ts'

/** Real time that can be moved forward. Timers do not notice. */
export function skippingClock() {
  let skipped = 0
  return {
    clock: { ...systemClock, now: () => systemClock.now() + skipped },
    skip: (seconds: number) => void (skipped += seconds * 1000),
  }
}

export interface Changeable extends FakeUpstream {
  turn(next: Answer): void
}

/** An upstream whose answer can be changed. */
export async function changeable(first: Answer): Promise<Changeable> {
  let answer = first
  const upstream = await fakeUpstream((request, response) => answer(request, response))
  return Object.assign(upstream, { turn: (next: Answer) => void (answer = next) })
}

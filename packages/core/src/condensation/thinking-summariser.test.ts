import { expect, test } from 'vitest'
import { SummaryModel } from '../../test/summary-model.ts'
import { summarise } from './summariser.ts'
import { SummaryFailed, type SummaryMessage } from './summary-io.ts'

/** Has nothing to say before it has spent `thought` tokens. */
class Thinker extends SummaryModel {
  readonly #thought: number

  constructor(thought: number, window?: number) {
    super(window === undefined ? {} : { window })
    this.#thought = thought
  }

  override async ask(messages: readonly SummaryMessage[], maxTokens: number) {
    const answer = await super.ask(messages, maxTokens)
    return maxTokens > this.#thought ? answer : { ...answer, text: '<think>Well, ', isCut: true as const }
  }
}

const order = (words: number) => ({ before: undefined, transcript: 'word '.repeat(words) })

test('a model that spends its answer on thoughts is asked once more with room for them, and so from then on', async () => {
  const model = new Thinker(1_000)
  const { text, spent } = await summarise(order(1_000), model)
  expect([text, spent.calls, model.thinks]).toEqual(['summary 2.', 2, true])
  expect(model.asked.map(({ maxTokens }) => maxTokens)).toEqual([512, 4_608])
  // As long a summary is wanted as before.
  expect(new Set(model.asked.map(({ content }) => content)).size).toBe(1)
  expect((await summarise(order(900), model)).spent.calls).toBe(1)
})

test('not more than once', async () => {
  const model = new Thinker(Infinity)
  const failure: unknown = await summarise(order(1_000), model).catch((error: unknown) => error)
  expect(SummaryFailed.is(failure) && [failure.reason, failure.spent.calls]).toEqual(['failed', 2])
})

test('in a small window it thinks less, and gets the text in pieces', async () => {
  const model = new Thinker(600, 4_000)
  const { spent } = await summarise(order(2_000), model)
  expect(spent.calls).toBeGreaterThan(2)
  for (const { size } of model.asked) expect(size).toBeLessThanOrEqual(4_000)
})

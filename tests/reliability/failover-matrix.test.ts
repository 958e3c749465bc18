import { expect, test } from 'vitest'
import type { OpenaiOperation } from './support.ts'
import { type FailoverCase, failoverMatrix } from './support/failover-cases.ts'
import { runFailover } from './support/failover-run.ts'
import { limitsOfSlowCases, slowAnswer, slowCases } from './support/slow-drips.ts'

const kinds: readonly (readonly [OpenaiOperation, boolean])[] = [
  ['chat', false],
  ['chat', true],
  ['completions', false],
  ['completions', true],
  ['embeddings', false],
  ['images', false],
]

const expectedOf = (cases: readonly FailoverCase[]) =>
  Object.fromEntries(cases.map(({ name, expected }) => [name, expected]))

test.each(kinds)(
  '%s, streamed: %s: every fault gives the answer of the next provider, or the one honest error',
  async (operation, streamed) => {
    const cases = [...failoverMatrix({ operation, streamed }), slowAnswer({ operation, streamed })]
    expect(await runFailover(cases)).toEqual(expectedOf(cases))
  },
)

test('a drip that outlasts the request ends it, whoever else could be asked', async () => {
  const cases = kinds.flatMap(([operation, streamed]) => slowCases({ operation, streamed }))
  expect(await runFailover(cases, limitsOfSlowCases)).toEqual(expectedOf(cases))
})

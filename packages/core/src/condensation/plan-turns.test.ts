import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conversationOf } from './conversation.ts'
import { type KnownPrefix, type Plan, planOf } from './plan.ts'
import { charSizer } from './sizer.ts'
import { messageOverhead, messageSizes } from './sizes-of.ts'

const room = 8_000
const fixed = 300
const summary = 400

/** What a client adds to a conversation before it asks again. */
type Step =
  | { readonly kind: 'turn'; readonly tokens: number }
  | { readonly kind: 'tools'; readonly results: readonly number[] }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('turn' as const), tokens: fc.integer({ min: 5, max: 1_500 }) }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('tools' as const),
      results: fc.array(fc.integer({ min: 5, max: 900 }), { minLength: 1, maxLength: 3 }),
    }),
  },
)

const text = (tokens: number) => 'x'.repeat(4 * tokens)
const rules: JsonObject = { role: 'system', content: text(200) }

function added(one: Step, id: string): readonly JsonObject[] {
  if (one.kind === 'turn')
    return [
      { role: 'assistant', content: text(100) },
      { role: 'user', content: text(one.tokens) },
    ]
  const tool_calls = one.results.map((_, index) => ({ id: `${id}.${index}` }))
  return [
    { role: 'assistant', content: null, tool_calls },
    ...one.results.map((tokens, index) => ({
      role: 'tool',
      tool_call_id: `${id}.${index}`,
      content: text(tokens),
    })),
  ]
}

interface Planned {
  readonly messages: readonly JsonObject[]
  readonly sizes: readonly number[]
  readonly known: readonly KnownPrefix[]
  readonly plan: Plan
}

interface Call {
  readonly from: number
  readonly to: number
}

/** A conversation that grows, and each summary that is made on its way. */
function grow(steps: readonly Step[], seen: (planned: Planned) => void) {
  const messages: JsonObject[] = [rules, { role: 'user', content: text(50) }]
  const known: KnownPrefix[] = []
  const calls: Call[] = []
  for (const [at, one] of steps.entries()) {
    messages.push(...added(one, `${at}`))
    const sizes = messageSizes(messages, charSizer)
    if (fixed + total(sizes) <= room) continue
    const plan = planOf({
      conversation: conversationOf(messages),
      sizes,
      fixed,
      room,
      summary,
      recent: 0,
      known,
    })
    seen({ messages, sizes, known, plan })
    if (!plan.needsSummary) continue
    calls.push({ from: plan.known?.cut ?? 0, to: plan.cut })
    known.push({ cut: plan.cut, tokens: summary })
  }
  return { calls, sizes: messageSizes(messages, charSizer) }
}

const total = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)

/** Tokens of the request with a summary: rules, summary, what the user said last, and everything that came after the cut. */
function tokensWith({ messages, sizes }: Pick<Planned, 'messages' | 'sizes'>, cut: number): number {
  const isUser = (index: number) => messages[index]?.['role'] === 'user'
  const said = messages.findLastIndex((_, index) => index < cut && isUser(index))
  const kept = [0, ...(isUser(cut) ? [] : [said]), ...[...sizes.keys()].slice(cut)]
  return fixed + summary + messageOverhead + total(kept.map((index) => sizes[index]!))
}

describe('a conversation that grows', () => {
  const long = fc.array(step, { minLength: 30, maxLength: 90 })

  test('has each message summarised once, in order', () => {
    let made = 0
    fc.assert(
      fc.property(long, (steps) => {
        const { calls } = grow(steps, () => undefined)
        made += calls.length
        let end = 0
        for (const { from, to } of calls) {
          expect(from).toBe(end)
          expect(to).toBeGreaterThan(from)
          end = to
        }
      }),
      { numRuns: 20 },
    )
    expect(made).toBeGreaterThan(40)
  })

  test('always fits, and has no new summary while what came after the last one fits', () => {
    const counts = { again: 0, made: 0 }
    fc.assert(
      fc.property(long, (steps) => {
        grow(steps, ({ plan, known, ...planned }) => {
          expect(plan.fits).toBe('yes')
          expect(tokensWith(planned, plan.cut)).toBeLessThanOrEqual(room)
          expect(plan.cut).toBeGreaterThanOrEqual(plan.known?.cut ?? 0)
          counts[plan.needsSummary ? 'made' : 'again'] += 1
          const last = known.at(-1)
          const least = last === undefined ? Infinity : tokensWith(planned, last.cut)
          expect(plan.needsSummary).toBe(least > room)
        })
      }),
      { numRuns: 20 },
    )
    // Most requests are served by what is known.
    expect(counts.again).toBeGreaterThan(counts.made * 2)
  })

  test('of an agent has one summary for some thousand tokens', () => {
    const steps = Array.from({ length: 200 }, () => ({ kind: 'tools' as const, results: [200, 200] }))
    const { calls, sizes } = grow(steps, () => undefined)
    // Of 8,000 tokens 7,000 are left, of which half is kept: each summary tells of 3,500.
    expect(total(sizes)).toBeGreaterThan(80_000)
    expect(calls.length).toBeGreaterThan(20)
    expect(calls.length).toBeLessThan(30)
  })
})

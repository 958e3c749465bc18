import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chatIngress, conversations, ingressOf, pairsOf } from '../../test/conversations.ts'
import { conversationOf } from './conversation.ts'
import { shortened } from './shortened.ts'
import { charSizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'
import { spokenTokens, truncatedChat } from './truncated-chat.ts'
import { truncatedPrompt } from './truncated-prompt.ts'

const sizer = charSizer
const sizeOf = (messages: readonly unknown[]) =>
  messageSizes(messages, sizer).reduce((all, size) => all + size, 0)
const words = (count: number) => 'word '.repeat(count)
const isSystem = ({ role }: JsonObject) => role === 'system' || role === 'developer'

function truncated(messages: readonly JsonObject[], target: number): readonly JsonObject[] | undefined {
  const result = truncatedChat(chatIngress(messages), { target, fixed: 0, sizer })
  if (result === undefined) return undefined
  expect(JSON.parse(result.bytes.toString())).toEqual(result.body)
  return (result.body['messages'] as readonly JsonObject[]).map(plain)
}

/** Without the number that is only there to be written in an odd way. */
function plain(message: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(message).filter(([name]) => name !== 'odd'))
}

const short = { role: 'user', content: 'u' }
const answer = { role: 'assistant', content: words(100) }
const rules = { role: 'system', content: 's' }
const step = (id: string) => [
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: id, content: words(100) },
]

describe('a truncated conversation', () => {
  test('loses the oldest turns, and no more of them than it must', () => {
    const messages = [rules, short, answer, short, answer, short]
    expect(truncated(messages, sizeOf(messages) - 1)).toEqual([rules, short, answer, short])
    expect(truncated(messages, 20)).toEqual([rules, short])
    expect(truncated(messages, sizeOf(messages))).toBeUndefined()
  })

  test('can lose everything but the rules', () => {
    const { body } = chatIngress([rules, short, { role: 'developer' }, answer])
    expect(spokenTokens(body, sizer)).toBe(sizeOf([short, answer]))
  })

  test('counts what is no message', () => {
    const messages = [rules, short, answer, short]
    const result = truncatedChat(chatIngress(messages), { target: sizeOf(messages) + 9, fixed: 10, sizer })
    expect(result?.body['messages']).toHaveLength(2)
  })

  test('loses the oldest steps of a turn that is too large, and keeps what it is about', () => {
    const messages = [rules, short, ...step('1'), ...step('2'), ...step('3')]
    expect(truncated(messages, 200)).toEqual([rules, short, ...step('3')])
    expect(truncated(messages, 300)).toEqual([rules, short, ...step('2'), ...step('3')])
  })

  test('loses the middle of what cannot be left out', () => {
    const [only] = truncated([{ role: 'user', content: words(1_000) }], 500)!
    expect(only!['content']).toMatch(/^word .*\n\[… \d+ characters left out …\]\n.*word $/)
  })

  test('is none where there are only rules', () => {
    expect(truncated([rules, { role: 'system', content: words(1_000) }], 10)).toBeUndefined()
  })

  test('has what it may whenever that can be, by the same rules', () => {
    const counts = { none: 0, reached: 0, not: 0 }
    const share = fc.double({ min: 0.1, max: 1, noNaN: true })
    fc.assert(
      fc.property(conversations, share, (messages, part) => {
        const target = Math.floor(sizeOf(messages) * part)
        const list = truncated(messages, target)
        if (list === undefined) {
          counts.none += 1
          return
        }
        expect(list.filter(isSystem)).toEqual(messages.filter(isSystem))
        const kept = new Set(list.map(({ n }) => n))
        for (const [asked, result] of pairsOf(messages)) expect(kept.has(asked)).toBe(kept.has(result))
        const spoken = list.filter((message) => !isSystem(message))
        const first = spoken[0]!
        const hadUser = messages.slice(0, first['n'] as number).some(({ role }) => role === 'user')
        expect(hadUser).toBe(hadUser && first['role'] === 'user')
        const { lastTurn, cuts, system } = conversationOf(messages)
        const turn = messages.filter((_, index) => system.has(index) || index >= lastTurn)
        const mustStay = cuts.includes(lastTurn) && sizeOf(turn) <= target ? turn : []
        expect(list).toEqual(expect.arrayContaining([...mustStay]))
        const isReached = sizeOf(list) <= target
        counts[isReached ? 'reached' : 'not'] += 1
        expect(isReached ? [] : shortened(spoken, 0, sizer)).toEqual(isReached ? [] : spoken)
      }),
      { numRuns: 200 },
    )
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(0)
  })
})

describe('a truncated prompt', () => {
  const cut = (prompt: unknown, target: number) => {
    const json = `{"model":"m", "prompt" : ${JSON.stringify(prompt)}, "seed":1e2}`
    const result = truncatedPrompt(ingressOf('completions', json), { target, sizer })
    if (result !== undefined)
      expect(result.bytes.toString()).toBe(
        json.replace(JSON.stringify(prompt), JSON.stringify(result.body['prompt'])),
      )
    return result?.body['prompt']
  }

  test('keeps its end', () => {
    expect(cut(`${'a'.repeat(300)}${'b'.repeat(100)}`, 50)).toBe(`${'a'.repeat(100)}${'b'.repeat(100)}`)
  })

  test('is none where there is nothing to leave out, nothing left, or no text', () => {
    expect(cut('abcd', 1)).toBeUndefined()
    expect(cut('abcdefgh', 0)).toBeUndefined()
    expect(cut([1, 2, 3], 1)).toBeUndefined()
  })

  test('has what it may, and no half of a character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\n'), minLength: 20, maxLength: 500 }),
        fc.integer({ min: 1, max: 80 }),
        (prompt, target) => {
          const end = cut(prompt, target)
          if (end === undefined) return
          expect(prompt.endsWith(end as string)).toBe(true)
          expect(sizer.tokens(end as string)).toBeLessThanOrEqual(target)
          expect((end as string).isWellFormed()).toBe(true)
        },
      ),
    )
  })
})

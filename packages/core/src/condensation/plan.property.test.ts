import type { JsonObject } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { asWritten, chatIngress, conversations, pairsOf } from '../../test/conversations.ts'
import { condensedChat } from './condensed-chat.ts'
import { conversationOf } from './conversation.ts'
import { keptRoom, type Plan, type PlanInput, planOf } from './plan.ts'
import { charSizer } from './sizer.ts'
import { messageOverhead, messageSizes } from './sizes-of.ts'

const sizer = charSizer
const told = 'What was said before.'
const sum = (sizes: readonly number[]) => sizes.reduce((all, size) => all + size, 0)

interface Planned {
  readonly messages: readonly JsonObject[]
  readonly input: PlanInput
  readonly plan: Plan
}

/** A conversation, and a plan for it with some room, or with an unknown one. */
const planned = fc
  .record({
    messages: conversations,
    share: fc.option(fc.double({ min: 0.05, max: 1.1, noNaN: true }), { nil: undefined }),
    recentShare: fc.constantFrom(0, 0, 0.3, 0.8),
    known: fc.array(fc.record({ at: fc.nat(), tokens: fc.integer({ min: 10, max: 60 }) }), { maxLength: 3 }),
    fixed: fc.constantFrom(0, 100),
  })
  .map(({ messages, share, recentShare, known, fixed }): Planned => {
    const conversation = conversationOf(messages)
    const sizes = messageSizes(messages, sizer)
    const room = share === undefined ? undefined : Math.floor(share * (sum(sizes) + fixed))
    const places = [...conversation.cuts, messages.length]
    const input: PlanInput = {
      conversation,
      sizes,
      fixed,
      room,
      summary: 40,
      recent: Math.floor((room ?? 0) * recentShare),
      known: known.map(({ at, tokens }) => ({ cut: places[at % places.length]!, tokens })),
    }
    return { messages, input, plan: planOf(input) }
  })

/** Runs `check` with the request that a plan makes; plans by which nothing is summarised are left out. */
function everyRequest(
  check: (made: Planned & { readonly list: readonly JsonObject[]; readonly bytes: string }) => void,
) {
  let count = 0
  fc.assert(
    fc.property(planned, (made) => {
      const { messages, input, plan } = made
      if (plan.cut === 0) return
      count += 1
      const ingress = chatIngress(messages)
      const room = keptRoom(input, plan, sizer.tokens(told))
      const { conversation } = input
      const { ingress: condensed, summaryAt } = condensedChat(ingress, {
        conversation,
        plan,
        summary: told,
        room,
        sizer,
      })
      const bytes = condensed.bytes.toString()
      expect(JSON.parse(bytes)).toEqual(condensed.body)
      const list = condensed.body['messages'] as readonly JsonObject[]
      expect(list[summaryAt]).toEqual({ role: 'system', content: told })
      check({ ...made, list, bytes })
    }),
    { numRuns: 100 },
  )
  expect(count).toBeGreaterThan(40)
}

const isSystem = ({ role }: JsonObject) => role === 'system' || role === 'developer'
const places = (list: readonly JsonObject[]) => list.flatMap(({ n }) => (typeof n === 'number' ? [n] : []))
const spoken = (list: readonly JsonObject[]) => list.filter((message) => !isSystem(message))

describe('a condensed conversation', () => {
  test('has every system message, in order, and the summary behind those of the history', () => {
    everyRequest(({ messages, list, plan }) => {
      const own = list.filter((message) => isSystem(message) && message['content'] !== told)
      expect(own).toEqual(messages.filter(isSystem).map((message) => ({ odd: 1.5, ...message })))
      const before = messages.slice(0, plan.cut).filter(isSystem).length
      expect(list[before]).toEqual({ role: 'system', content: told })
      expect(list.slice(0, before).every(isSystem)).toBe(true)
    })
  })

  test('is what the plan says: what is carried, and everything from the cut on', () => {
    everyRequest(({ messages, list, plan, input: { conversation } }) => {
      const rest = [...messages.keys()].slice(plan.cut)
      const front = [...conversation.system].filter((index) => index < plan.cut)
      expect(places(list)).toEqual([...front, ...plan.carried, ...rest])
      expect(plan.carried.every((index) => index < plan.cut)).toBe(true)
    })
  })

  test('keeps what was not cut byte for byte', () => {
    everyRequest(({ messages, list, bytes }) => {
      const written = list.map((message) => {
        const { n } = message
        if (typeof n !== 'number') return JSON.stringify(message)
        const { odd: _, ...plain } = message
        const isSame = JSON.stringify(plain) === JSON.stringify(messages[n])
        return isSame ? asWritten(messages[n]) : JSON.stringify(message)
      })
      expect(bytes).toBe(
        `{ "messages": 0, "model" : "m", "temperature":1.0,\n"messages" : [ ${written.join(',')}] , "seed":1e2 }`,
      )
    })
  })

  test('never parts a call from its result', () => {
    everyRequest(({ messages, list }) => {
      const kept = new Set(places(list))
      for (const [asked, result] of pairsOf(messages))
        expect([asked, kept.has(asked)]).toEqual([asked, kept.has(result)])
    })
  })

  test('begins with a user message where there was one before', () => {
    everyRequest(({ messages, list }) => {
      const first = spoken(list)[0]!
      const hasUser = messages.slice(0, first['n'] as number).some(({ role }) => role === 'user')
      expect(hasUser).toBe(hasUser && first['role'] === 'user')
    })
  })

  test('keeps the last turn whole unless it alone is too large', () => {
    let count = 0
    everyRequest(({ messages, list, input }) => {
      const { conversation, sizes, fixed, room, summary } = input
      const { lastTurn, system, cuts } = conversation
      if (room === undefined || !cuts.includes(lastTurn)) return
      const least = sizes.filter((_, index) => system.has(index) || index >= lastTurn)
      if (fixed + summary + messageOverhead + sum(least) > room) return
      count += 1
      const turn = messages.slice(lastTurn).map((message) => ({ odd: 1.5, ...message }))
      expect(list).toEqual(expect.arrayContaining(turn))
    })
    expect(count).toBeGreaterThan(2)
  })

  test('fits when that is what the plan says, and then no text is cut', () => {
    const counts = { yes: 0, no: 0, unknown: 0 }
    everyRequest(({ list, plan, input: { fixed, room }, messages }) => {
      counts[plan.fits] += 1
      if (plan.fits !== 'yes') return
      expect(fixed + sum(messageSizes(list, sizer))).toBeLessThanOrEqual(room!)
      const whole = places(list).map((n) => ({ odd: 1.5, ...messages[n] }))
      expect(list.filter(({ n }) => typeof n === 'number')).toEqual(whole)
    })
    for (const count of Object.values(counts)) expect(count).toBeGreaterThan(4)
  })

  test('says more than the summary: there is always something that stays', () => {
    everyRequest(({ list }) => expect(spoken(list).length).toBeGreaterThan(0))
  })

  test('leaves something out where it is said to fit', () => {
    everyRequest(({ messages, list, plan }) => {
      expect(plan.fits !== 'yes' || spoken(list).length < spoken(messages).length).toBe(true)
    })
  })
})

describe('a plan', () => {
  test('builds on what is known, and never goes back behind it', () => {
    let reused = 0
    fc.assert(
      fc.property(planned, ({ plan, input }) => {
        const { known, needsSummary, cut } = plan
        if (known === undefined) return
        expect(input.known).toContain(known)
        expect(Math.sign(cut - known.cut)).toBe(needsSummary ? 1 : 0)
        reused += needsSummary ? 0 : 1
      }),
      { numRuns: 200 },
    )
    expect(reused).toBeGreaterThan(8)
  })

  test('cuts only where a conversation may be cut, or tells of all of it', () => {
    fc.assert(
      fc.property(planned, ({ plan, input: { conversation } }) => {
        const allowed = [0, ...conversation.cuts, conversation.messages.length]
        expect(allowed).toContain(plan.cut)
      }),
    )
  })

  test('is made for messages of any shape', () => {
    const odd = fc.array(
      fc.oneof(
        fc.anything({ withNullPrototype: true, maxDepth: 2 }),
        fc.record(
          {
            role: fc.oneof(fc.constantFrom('user', 'tool', 'assistant', 'system', 'function'), fc.anything()),
            content: fc.anything({ maxDepth: 3 }),
            tool_calls: fc.anything({ maxDepth: 3 }),
            function_call: fc.anything(),
            tool_call_id: fc.anything(),
            name: fc.anything(),
          },
          { requiredKeys: [] },
        ),
      ),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(odd, fc.option(fc.integer({ min: -10, max: 300 }), { nil: undefined }), (values, room) => {
        const messages = (JSON.parse(JSON.stringify(values)) as readonly unknown[]) ?? []
        const conversation = conversationOf(messages)
        const sizes = messageSizes(messages, sizer)
        expect(sizes.every((size) => Number.isSafeInteger(size) && size >= 0)).toBe(true)
        const input = { conversation, sizes, fixed: 0, room, summary: 10, recent: 0, known: [] }
        const plan = planOf(input)
        const left = keptRoom(input, plan, 10)
        const { ingress: condensed } = condensedChat(chatIngress(messages), {
          conversation,
          plan,
          summary: told,
          room: left,
          sizer,
        })
        expect(JSON.parse(condensed.bytes.toString())).toEqual(condensed.body)
      }),
      { numRuns: 200 },
    )
  })
})

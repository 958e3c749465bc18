import type { JsonObject } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { conversationOf } from './conversation.ts'
import { keptRoom, type KnownPrefix, type PlanInput, planOf } from './plan.ts'
import { charSizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'

/** A message of 100 tokens, or of as many as are said. */
const said = (role: string, tokens = 100): JsonObject => ({ role, content: 'x'.repeat(4 * (tokens - 4)) })
const user = (tokens?: number) => said('user', tokens)
const assistant = (tokens?: number) => said('assistant', tokens)
const rules = said('system')

/** A call and its result: 8 and as many as are said. */
const step = (id: number, tokens?: number): readonly JsonObject[] => [
  { role: 'assistant', content: null, tool_calls: [{ id: `${id}` }] },
  { ...said('tool', tokens), tool_call_id: `${id}` },
]

const planInput = (
  messages: readonly JsonObject[],
  { room, recent = 0, known = [] }: { room?: number; recent?: number; known?: readonly KnownPrefix[] } = {},
): PlanInput => {
  const conversation = conversationOf(messages)
  const sizes = messageSizes(messages, charSizer)
  return { conversation, sizes, fixed: 50, room, summary: 46, recent, known }
}

describe('a plan', () => {
  const turns = [rules, user(), assistant(), user(), assistant(), user()]

  test('keeps the last turn and has the rest summarised', () => {
    const plan = { cut: 5, needsSummary: true, carried: [], fits: 'yes' }
    expect(planOf(planInput(turns, { room: 500 }))).toEqual(plan)
    expect(planOf(planInput(turns))).toEqual({ ...plan, fits: 'unknown' })
  })

  test('keeps more than the last turn where that is wished, as far as it fits', () => {
    expect(planOf(planInput(turns, { room: 590, recent: 350 }))).toMatchObject({
      cut: 3,
      carried: [],
      fits: 'yes',
    })
    expect(planOf(planInput(turns, { room: 590, recent: 250 }))).toMatchObject({ cut: 5, carried: [] })
    expect(planOf(planInput(turns, { room: 590, recent: 399 }))).toMatchObject({ cut: 3, carried: [] })
    expect(planOf(planInput(turns, { room: 350, recent: 399 }))).toMatchObject({ cut: 5, carried: [] })
  })

  test('has no cut behind the first message, which is carried: that would leave nothing out', () => {
    expect(planOf(planInput(turns, { room: 700, recent: 500 }))).toMatchObject({ cut: 3, carried: [] })
    const known = [{ cut: 2, tokens: 46 }]
    expect(planOf(planInput(turns, { room: 2_000, known }))).toMatchObject({ cut: 5, needsSummary: true })
    expect(planOf(planInput([rules, user(), assistant()], { room: 700 }))).toMatchObject({ cut: 0 })
  })

  test('takes the summary of an earlier turn again while what came after it fits', () => {
    const known = [{ cut: 3, tokens: 46 }]
    const again = { cut: 3, known: known[0], needsSummary: false, carried: [], fits: 'yes' }
    expect(planOf(planInput(turns, { room: 500, known }))).toEqual(again)
    expect(planOf(planInput(turns, { room: 499, known }))).toEqual({
      cut: 5,
      known: known[0],
      needsSummary: true,
      carried: [],
      fits: 'yes',
    })
  })

  test('takes the longest of several, and none that leaves out more than it must', () => {
    const known = [1, 3, 5].map((cut) => ({ cut, tokens: 46 }))
    expect(planOf(planInput(turns, { room: 550, known })).known).toEqual({ cut: 5, tokens: 46 })
    const loop = [rules, user(), assistant(), user(), ...step(1), ...step(2)]
    const within = [{ cut: 6, tokens: 46 }]
    expect(planOf(planInput(loop, { room: 600, known: within }))).toEqual({
      cut: 3,
      needsSummary: true,
      carried: [],
      fits: 'yes',
    })
  })

  test('takes it again, too, where only the end of what the user said before fits: by a later cut all of that would be gone', () => {
    const long = [rules, user(), user(400), assistant(), user()]
    const known = [{ cut: 3, tokens: 46 }]
    const again = { cut: 3, known: known[0], needsSummary: false, carried: [2], fits: 'no' }
    expect(planOf(planInput(long, { room: 600, known }))).toEqual(again)
    const first = planInput([rules, user(500), assistant(), user()], {
      room: 600,
      known: [{ cut: 2, tokens: 46 }],
    })
    expect(planOf(first)).toMatchObject({ cut: 2, needsSummary: false, carried: [1], fits: 'no' })
    // What came after it would have more than half.
    expect(planOf(planInput(long, { room: 590, known }))).toMatchObject({ cut: 4, needsSummary: true })
  })

  test('does not guess what fits when the room is unknown: only the very same summary is taken again', () => {
    const known = [{ cut: 3, tokens: 46 }]
    expect(planOf(planInput(turns, { known }))).toMatchObject({ cut: 5, needsSummary: true, known: known[0] })
    const same = [{ cut: 5, tokens: 46 }]
    expect(planOf(planInput(turns, { known: same }))).toMatchObject({
      cut: 5,
      needsSummary: false,
      known: same[0],
    })
  })

  describe('of a turn that is too large', () => {
    const steps = [1, 2, 3, 4, 5, 6, 7, 8].flatMap((id) => step(id))
    const loop = [rules, user(), assistant(), user(), ...steps]

    test('keeps what the user said, and of the steps half of what would fit', () => {
      // 350 are left to steps of 109.
      const plan = { cut: 18, needsSummary: true, carried: [3], fits: 'yes' }
      expect(planOf(planInput(loop, { room: 650 }))).toEqual(plan)
      const known = [{ cut: 18, tokens: 46 }]
      const next = [...loop, ...step(9), ...step(10)]
      expect(planOf(planInput(next, { room: 650, known }))).toMatchObject({ cut: 18, needsSummary: false })
      const last = [...next, ...step(11)]
      expect(planOf(planInput(last, { room: 650, known }))).toMatchObject({ cut: 24, needsSummary: true })
    })

    test('keeps all messages that the user sent together', () => {
      const long = [
        rules,
        user(200),
        rules,
        user(200),
        ...[1, 2, 3, 4, 5, 6, 7].flatMap((id) => step(id, 50)),
      ]
      expect(planOf(planInput(long, { room: 900 }))).toMatchObject({ cut: 16, carried: [1, 3], fits: 'yes' })
    })

    test('keeps more than half of what would fit rather than cut the last step', () => {
      expect(planOf(planInput([...loop, ...step(9, 300)], { room: 650 }))).toMatchObject({
        cut: 20,
        carried: [3],
      })
    })

    test('has all of it summarised, and its last step cut, where that does not fit', () => {
      const plan = { cut: 22, needsSummary: true, carried: [3, 20, 21], fits: 'no' }
      const input = planInput([...loop, ...step(9, 3_000)], { room: 650 })
      expect(planOf(input)).toEqual(plan)
      expect(keptRoom(input, planOf(input), 46)).toBe(650 - 50 - 100 - 46 - 4)
    })

    test('keeps the end of what the user said where that is too large, and the steps in half of the room', () => {
      const long = [rules, user(900), user(), ...steps]
      expect(planOf(planInput(long, { room: 650 }))).toMatchObject({ cut: 17, carried: [2], fits: 'yes' })
      const one = [rules, user(900), ...steps]
      expect(planOf(planInput(one, { room: 650 }))).toMatchObject({ cut: 16, carried: [1], fits: 'no' })
    })

    test('keeps the latest of several user messages', () => {
      const chat = [rules, ...Array.from({ length: 10 }, () => user())]
      expect(planOf(planInput(chat, { room: 650 }))).toMatchObject({ cut: 9, carried: [], fits: 'yes' })
    })

    test('has a single message summarised and cut', () => {
      const plan = { cut: 2, needsSummary: true, carried: [1], fits: 'no' }
      const input = planInput([rules, user(1_000)], { room: 650 })
      expect(planOf(input)).toEqual(plan)
      const unknown = { ...input, room: undefined }
      expect(planOf(unknown)).toEqual({ ...plan, fits: 'unknown' })
      expect(keptRoom(unknown, planOf(unknown), 46)).toBe(454)
    })

    test('keeps an eighth where the room is unknown, and leaves that until it is a quarter', () => {
      const many = [user(), ...Array.from({ length: 40 }, (_, id) => step(id)).flat()]
      const input = planInput(many)
      const plan = planOf(input)
      expect(plan).toMatchObject({ cut: 73, carried: [0], fits: 'unknown' })
      expect(keptRoom(input, plan, 46)).toBeUndefined()
      const known = [{ cut: 73, tokens: 46 }]
      const next = [...many, ...[41, 42, 43, 44, 45].flatMap((id) => step(id))]
      expect(planOf(planInput(next, { known }))).toMatchObject({ cut: 73, needsSummary: false })
    })
  })

  test('has nothing summarised where there are only rules, or where what fits could only be made larger', () => {
    expect(planOf(planInput([rules, rules], { room: 100 }))).toEqual({
      cut: 0,
      needsSummary: false,
      carried: [],
      fits: 'no',
    })
    const idle = { cut: 0, needsSummary: false, fits: 'yes' }
    expect(planOf(planInput([rules, user(400)], { room: 560 }))).toMatchObject(idle)
    const known = [{ cut: 2, tokens: 5 }]
    expect(planOf(planInput([rules, user(400), assistant(5)], { room: 570, known }))).toMatchObject(idle)
  })

  test('is made at once for sixty thousand messages', () => {
    const many = [
      ...Array.from({ length: 30_000 }, () => user()),
      ...Array.from({ length: 15_000 }, (_, id) => step(id)).flat(),
    ]
    const input = planInput(many, { room: 1_000_000 })
    expect(planOf(input)).toMatchObject({ fits: 'yes', needsSummary: true })
  })
})

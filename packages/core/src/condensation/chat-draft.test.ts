import type { JsonObject } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { ingressOf } from '../../test/conversations.ts'
import { condensationSchema } from '../config/condensation-schema.ts'
import { chatDraft } from './chat-draft.ts'
import { prefixDigests } from './digest.ts'
import { charSizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'

const window = 2_000
/** A text of so many tokens. */
const words = (count: number) => 'one '.repeat(count)
const said = (role: string, count: number): JsonObject => ({ role, content: words(count) })
const step = (id: string, count: number): readonly JsonObject[] => [
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: id, content: words(count) },
]

interface Given {
  readonly messages: readonly JsonObject[]
  /** Beginnings that there are summaries of, by their number of messages. */
  readonly known?: readonly number[]
  readonly recent?: number
  readonly tools?: readonly JsonObject[]
  readonly ahead?: number
}

/** What is drafted for a conversation, and which beginning each summary tells of. */
async function draft({ messages, known = [], recent = 0, tools, ahead }: Given) {
  const ingress = ingressOf('chat', JSON.stringify({ model: 'm', messages, tools }))
  const digests = prefixDigests(ingress.caller, ingress.body.model, messages)
  const sizer = charSizer
  const total = messageSizes(messages, sizer).reduce((sum, size) => sum + size, 0)
  const made = await chatDraft(ingress, {
    measured: { sizer, factor: 1, total, fixed: 0, window, room: window * 0.9 },
    settings: condensationSchema.parse({ recent_share: recent, max_tokens_default: 100 })!,
    find: async (keys) => {
      const cut = known.toSorted((left, right) => right - left).find((each) => keys.includes(digests[each]!))
      return cut === undefined
        ? undefined
        : { key: digests[cut]!, summary: { text: `of ${cut}`, leftOut: {} } }
    },
    ahead,
  })
  return (
    made && {
      cut: digests.indexOf(made.key),
      known: made.known?.text,
      before: made.known === undefined ? made.write().before : undefined,
      better: made.better.map((key) => digests.indexOf(key)),
    }
  )
}

const older = [said('user', 400), said('assistant', 400), said('user', 400), said('assistant', 400)]
/** The last turn of an agent, which fits as a whole. */
const turn = [said('user', 20), ...step('a', 200), ...step('b', 200)]

describe('a summary that tells of a turn which stays whole is of no use', () => {
  const messages = [...older, ...turn]

  test('without another one all of what comes before the turn is told', async () => {
    expect(await draft({ messages, known: [7] })).toMatchObject({ cut: 4, before: undefined })
  })

  test('one of less is built on', async () => {
    const large = [...older, said('user', 900), said('assistant', 900), ...turn]
    expect(await draft({ messages: large, known: [4, 9] })).toMatchObject({ cut: 6, before: 'of 4' })
  })

  test('that of what comes before the turn does as it is', async () => {
    expect(await draft({ messages, known: [4, 7] })).toMatchObject({ cut: 4, known: 'of 4' })
  })
})

describe('ahead of the next request', () => {
  const ahead = window * 0.75
  const chat = older.slice(0, 3)
  const tools = [{ type: 'function', function: { name: 'f' } }]

  test('everything is told, as nothing of a chat will be its last turn', async () => {
    expect(await draft({ messages: chat, ahead })).toMatchObject({ cut: 3, before: undefined })
    expect(await draft({ messages: chat, ahead, known: [2] })).toBeUndefined()
    expect(await draft({ messages: [...older, ...chat], ahead, known: [2] })).toMatchObject({
      cut: 7,
      before: 'of 2',
    })
  })

  test('but not the turn of an agent, which stays', async () => {
    const messages = [...older, ...turn]
    expect(await draft({ messages, ahead, tools })).toMatchObject({ cut: 4, before: undefined })
    expect(await draft({ messages, ahead })).toMatchObject({ cut: 9 })
  })

  test('unless it grows so large that it will not', async () => {
    const steps = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].flatMap((id) => step(id, 200))
    const messages = [said('user', 20), ...steps]
    const first = await draft({ messages, ahead, tools })
    expect(first!.cut).toBeGreaterThan(1)
    expect(first!.cut).toBeLessThan(messages.length)
  })

  test('what is known is built on as soon as it will not do for long, also where more than a turn stays', async () => {
    const messages = [...older, ...older.slice(0, 3), said('assistant', 300), said('user', 20)]
    for (const more of [{ recent: 0.4 }, { tools }]) {
      // With it, this very request fits.
      expect(await draft({ messages, known: [4], ...more })).toMatchObject({ known: 'of 4' })
      expect(await draft({ messages, known: [4], ahead, ...more })).toMatchObject({ before: 'of 4' })
      expect((await draft({ messages, known: [4], ahead, ...more }))!.cut).toBeGreaterThan(4)
    }
  })

  test('nothing is made twice', async () => {
    const messages = [said('system', 1_900), ...older]
    expect(await draft({ messages, ahead, known: [5] })).toBeUndefined()
  })
})

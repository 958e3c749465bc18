import type { JsonObject } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { chatIngress, ingressOf } from '../../test/conversations.ts'
import { condensedChat } from './condensed-chat.ts'
import { condensedCompletion } from './condensed-completion.ts'
import { conversationOf } from './conversation.ts'
import type { Plan } from './plan.ts'
import { charSizer } from './sizer.ts'
import { messageSizes } from './sizes-of.ts'
import { withMessages } from './with-messages.ts'

const words = (count: number) => 'word '.repeat(count)
const user = (count: number): JsonObject => ({ role: 'user', content: words(count) })
const step = (id: string, count: number): readonly JsonObject[] => [
  {
    role: 'assistant',
    content: null,
    tool_calls: [{ id, type: 'function', function: { name: 'f', arguments: '{}' } }],
  },
  { role: 'tool', tool_call_id: id, content: words(count) },
]

function condensed(messages: readonly JsonObject[], plan: Pick<Plan, 'cut' | 'carried'>, room?: number) {
  const ingress = chatIngress(messages)
  const before = structuredClone(ingress.body)
  const conversation = conversationOf(ingress.body['messages'] as readonly unknown[])
  const whole: Plan = { ...plan, needsSummary: true, fits: 'unknown' }
  const { ingress: made, summaryAt } = condensedChat(ingress, {
    conversation,
    plan: whole,
    summary: 'Told.',
    room,
    sizer: charSizer,
  })
  expect(ingress.body).toEqual(before)
  expect(JSON.parse(made.bytes.toString())).toEqual(made.body)
  const [, ...kept] = made.body['messages'] as readonly JsonObject[]
  expect(summaryAt).toBe(0)
  const sizes = messageSizes(kept, charSizer)
  const isCut = kept.map((message) => JSON.stringify(message).includes('characters left out'))
  return { kept, isCut, tokens: sizes.reduce((all, size) => all + size, 0) }
}

describe('what stays of a conversation', () => {
  test('is as it came where its room is unknown', () => {
    const { isCut } = condensed([user(10), ...step('1', 900), ...step('2', 900)], { cut: 3, carried: [0] })
    expect(isCut).toEqual([false, false, false])
  })

  test('loses what the user said before the cut, and nothing of what comes after it', () => {
    const messages = [user(900), ...step('1', 400), ...step('2', 400)]
    const { isCut, tokens } = condensed(messages, { cut: 3, carried: [0] }, 1_000)
    expect(isCut).toEqual([true, false, false])
    expect(tokens).toBeLessThanOrEqual(1_000)
    expect(tokens).toBeGreaterThan(980)
  })

  test('loses of everything, results first, where the summary is longer than was planned', () => {
    const messages = [user(10), ...step('1', 400), ...step('2', 900)]
    const { isCut, tokens } = condensed(messages, { cut: 3, carried: [0] }, 500)
    expect(isCut).toEqual([false, false, true])
    expect(tokens).toBeLessThanOrEqual(500)
  })

  test('loses of its last group what is too much, when all of it was told of', () => {
    const messages = [user(400), ...step('1', 900)]
    const { isCut, tokens, kept } = condensed(messages, { cut: 3, carried: [0, 1, 2] }, 1_000)
    expect(isCut).toEqual([false, false, true])
    expect(kept).toHaveLength(3)
    expect(tokens).toBeLessThanOrEqual(1_000)
  })
})

describe('other messages in a request', () => {
  const list = (json: string, ...items: readonly (number | JsonObject)[]) =>
    withMessages(ingressOf('chat', json), items).bytes.toString()

  test('leave every other byte as it is', () => {
    expect(list('{"messages":[{"n":1.0} , {"n":2e0}\n],"z":1.0}', 1, { a: 'é' }, 0)).toBe(
      '{"messages":[{"n":2e0},{"a":"é"},{"n":1.0}],"z":1.0}',
    )
  })

  test('are found by a key written with escapes, in the last of several, and in none of what is inside', () => {
    expect(list('{"tools":[{"messages":[1]}],"messages":[7,8],"mess\\u0061ges":[ "]",{"x":"}"} ]}', 1)).toBe(
      '{"tools":[{"messages":[1]}],"messages":[7,8],"mess\\u0061ges":[ {"x":"}"}]}',
    )
  })
})

test('a summary takes the place of a prompt', () => {
  const ingress = ingressOf('completions', '{"prompt":"long" , "n":1.0,"model":"m"}')
  const made = condensedCompletion(ingress, 'Kurz: "é"')
  expect(made.bytes.toString()).toBe('{"prompt":"Resumo: Kurz: \\"é\\"" , "n":1.0,"model":"m"}')
  expect(made.body).toEqual(JSON.parse(made.bytes.toString()))
})

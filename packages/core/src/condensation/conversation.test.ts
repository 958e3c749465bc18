import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { conversations, pairsOf } from '../../test/conversations.ts'
import { conversationOf } from './conversation.ts'

const system = { role: 'system', content: 's' }
const user = { role: 'user', content: 'u' }
const assistant = { role: 'assistant', content: 'a' }
const calls = (...ids: readonly string[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
})
const tool = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'r' })
const called = { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{}' } }
const result = { role: 'function', name: 'f', content: 'r' }

describe('a conversation', () => {
  test.each([
    ['of two turns', [user, assistant, user], [1, 2], 2],
    ['of one message', [user], [], 0],
    ['with rules in front', [system, { role: 'developer' }, user, assistant], [3], 2],
    ['with rules between and at the end', [user, system, assistant, system], [2], 0],
    ['with parallel calls', [user, calls('1', '2'), tool('2'), tool('1'), assistant], [1, 4], 0],
    ['with rules between calls and results', [user, calls('1'), system, tool('1'), system, user], [1, 5], 5],
    ['with a late result', [user, calls('1'), user, tool('1'), assistant], [1, 4], 2],
    ['with ids that come again', [user, calls('1'), tool('1'), calls('1'), tool('1')], [1, 3], 0],
    [
      'with a result that comes twice',
      [user, calls('1'), tool('1'), user, assistant, tool('1')],
      [1, 3, 4],
      3,
    ],
    ['with a result of no call', [user, assistant, tool('9'), tool('8'), user], [1, 4], 4],
    ['that begins with a result', [tool('9'), user, assistant], [1, 2], 1],
    ['with calls before ids', [user, called, result, called, result, user], [1, 3, 5], 5],
    ['with a late result before ids', [user, called, user, result, assistant], [1, 4], 2],
    ['with calls that nobody answered', [user, calls('1'), user], [1, 2], 2],
    [
      'with several user messages in a row',
      [user, assistant, user, system, user, assistant],
      [1, 2, 4, 5],
      2,
    ],
    ['without a user', [system, assistant, assistant], [2], -1],
    ['of rules only', [system, system], [], -1],
    ['of nothing', [], [], -1],
    ['of what is no message', [null, 'text', [user], 7, { role: 5 }], [1, 2, 3, 4], -1],
  ])('%s', (_, messages, cuts, lastTurn) => {
    const found = conversationOf(messages)
    expect(found).toMatchObject({ cuts, lastTurn })
    expect(found.messages).toHaveLength(messages.length)
  })

  test('knows which messages are rules', () => {
    expect([...conversationOf([user, system, { role: 'developer' }, assistant]).system]).toEqual([1, 2])
  })

  test('may be cut wherever no call is parted from its result, and no rule or result would come first', () => {
    fc.assert(
      fc.property(conversations, (messages) => {
        const { cuts, system: rules } = conversationOf(messages)
        const pairs = pairsOf(messages)
        const first = messages.findIndex((_, index) => !rules.has(index))
        const allowed = [...messages.keys()].filter(
          (cut) =>
            cut > first &&
            first !== -1 &&
            !['system', 'developer', 'tool', 'function'].includes(messages[cut]!['role'] as string) &&
            pairs.every(([asked, answered]) => cut <= asked || cut > answered),
        )
        expect(cuts).toEqual(allowed)
      }),
    )
  })

  test('of sixty thousand messages is read at once', () => {
    const messages = Array.from({ length: 30_000 }, (_, index) => [
      calls(`${index}`),
      tool(`${index}`),
    ]).flat()
    expect(conversationOf(messages).cuts).toHaveLength(29_999)
  })
})

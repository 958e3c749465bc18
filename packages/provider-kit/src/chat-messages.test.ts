import { expect, test } from 'vitest'
import { type AnyMessage, developerAsSystem, rewriteMessages, without } from './chat-messages.ts'
import type { ChatRequest } from './wire.ts'

const rewrite = (
  messages: unknown,
  change: (message: AnyMessage, index: number) => AnyMessage | readonly AnyMessage[],
) => rewriteMessages(messages as ChatRequest['messages'], change)

test('messages that are fine stay as they are', () => {
  expect(rewrite([{ role: 'user' }, { role: 'system' }], developerAsSystem)).toBeUndefined()
  expect(rewrite([], developerAsSystem)).toBeUndefined()
})

test('one message becomes another, several or none', () => {
  const messages = [{ role: 'developer', content: 'a' }, { role: 'user' }, { role: 'tool' }, { role: 'user' }]
  const written = rewrite(messages, (message, index) => {
    if (message.role === 'tool') return []
    return index === 3 ? [message, { role: 'assistant' }] : developerAsSystem(message)
  })
  expect(written).toEqual([
    { role: 'system', content: 'a' },
    { role: 'user' },
    { role: 'user' },
    { role: 'assistant' },
  ])
  expect(messages[0]).toEqual({ role: 'developer', content: 'a' })
})

test('what is no message stays, and nobody stumbles over it', () => {
  const odd = [null, 'text', 7, [{ role: 'user' }], {}, { role: 5 }]
  expect(rewrite(odd, developerAsSystem)).toBeUndefined()
  expect(rewrite([...odd, { role: 'developer' }], developerAsSystem)).toEqual([...odd, { role: 'system' }])
  for (const none of [undefined, null, 'text', {}]) expect(rewrite(none, developerAsSystem)).toBeUndefined()
})

test('without() gives the same message when it has none of the members', () => {
  const message = Object.freeze({ role: 'user', name: 'a', content: 'b' })
  expect(without(message, 'refusal')).toBe(message)
  expect(without(message, 'name', 'refusal')).toEqual({ role: 'user', content: 'b' })
})

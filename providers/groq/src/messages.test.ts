import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { writtenMessages } from './messages.ts'

function written(messages: unknown) {
  const dropped: string[] = []
  const call: Call<ChatRequest> = {
    id: 'test',
    created: 1,
    model: 'm',
    stream: false,
    body: { model: 'm', messages } as ChatRequest,
    headers: {},
    dropped: (field) => void dropped.push(field),
  }
  return { messages: writtenMessages(call), dropped }
}

test('messages without anything to remove stay as the client wrote them', () => {
  const messages = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
    { role: 'assistant', content: null },
    { role: 'function', name: 'f', content: null },
  ]
  expect(written(messages)).toEqual({ messages: undefined, dropped: [] })
})

test('a name is reported when it says something', () => {
  const user = { role: 'user', content: 'Hi' }
  const names = ['ann', '', null, undefined].map((name) => ({ ...user, name }))
  expect(written(names)).toEqual({ messages: [user, user, user, user], dropped: ['messages[0].name'] })
})

test('what describes an earlier answer is removed without a word', () => {
  const answer = { role: 'assistant', content: 'Hi', refusal: null, annotations: [], reasoning_content: 'x' }
  expect(written([answer])).toEqual({ messages: [{ role: 'assistant', content: 'Hi' }], dropped: [] })
})

test.each(['text', null, [null], ['text'], [{ role: 5, name: 'ann' }]])(
  '%j is left to the vendor',
  (messages) => {
    expect(written(messages)).toEqual({ messages: undefined, dropped: [] })
  },
)

test('a part that is none is refused with its path', () => {
  expect(() => written([{ role: 'user', content: [null] }])).toThrow('messages[0].content[0]: must be')
})

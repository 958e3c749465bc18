import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { nativeMessages } from './messages.ts'
import { nativeCompletion } from './response.ts'

function callOf(messages: readonly unknown[], dropped: string[] = []): Call<ChatRequest> {
  return {
    id: 'abc',
    created: 7,
    model: 'm',
    stream: false,
    headers: {},
    body: { model: 'm', messages } as unknown as ChatRequest,
    dropped: (field) => void dropped.push(field),
  }
}

test('what a message says and the server cannot be told is reported, what an answer brought along is not', () => {
  const dropped: string[] = []
  const own = { refusal: null, annotations: [], reasoning_content: 'Hm' }
  nativeMessages(
    callOf(
      [
        { role: 'user', content: 'Hi', name: 'Ann' },
        { role: 'assistant', content: 'Hello', audio: { id: 'a' }, ...own },
      ],
      dropped,
    ),
  )
  expect(dropped).toEqual(['messages[0].name', 'messages[1].audio'])
})

test.each(['', ' ', 'null', null, undefined, {}])('arguments %j are none', (given) => {
  const message = { tool_calls: [{ function: { name: 'f', arguments: given } }] }
  const answer = nativeCompletion({ message, done: true }, callOf([]))
  expect(answer.choices[0]?.message.tool_calls?.[0]).toMatchObject({ function: { arguments: '{}' } })
})

import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { answers } from './response.ts'

const body = { model: 'm', messages: [] }
const call: Call<ChatRequest> = {
  id: 'abc',
  created: 7,
  model: 'm',
  stream: true,
  headers: {},
  body,
  dropped: () => undefined,
}
const chunk = (own: object) => ({
  data: JSON.stringify({ choices: [{ index: 0, delta: { content: 'Hel' } }], x_groq: own }),
})

test('a stream that is broken off in the vendor’s own member is an error, not a short answer', () => {
  const decoder = answers.stream(call)
  expect(decoder.event(chunk({ id: 'req_1', error: null }))).toHaveLength(1)
  expect(() => decoder.event(chunk({ error: 'over capacity' }))).toThrow('over capacity')
})

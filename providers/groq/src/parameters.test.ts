import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { chatRequest } from './request.ts'

test.each([
  ['openai/gpt-oss-120b', 'default', 'medium'],
  ['openai/gpt-oss-120b', 'none', 'low'],
  ['qwen/qwen3-32b', 'default', undefined],
  ['qwen/qwen3-32b', 'high', 'default'],
])('%s has for the effort %s the word %s, and says so', (model, reasoning_effort, sent) => {
  const dropped: string[] = []
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], reasoning_effort }
  const call: Call<ChatRequest> = {
    id: 'abc',
    created: 7,
    model,
    stream: false,
    headers: {},
    body: body as ChatRequest,
    dropped: (field) => void dropped.push(field),
  }
  expect(chatRequest(call).patch?.['reasoning_effort']).toBe(sent)
  expect(dropped).toEqual(sent === undefined ? [] : ['reasoning_effort'])
})

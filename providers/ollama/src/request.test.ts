import { type Call, type ChatRequest, type Operation, ProviderFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

const base_url = 'http://host.test/v1'
const { chat, completions, embeddings } = plugin.create({ base_url, api: 'openai-chat' }).operations
const native = plugin.create({ base_url, api: 'native' }).operations.chat

const odd: readonly unknown[] = [null, undefined, 7, true, 'text', [], {}, [null], [7], [[]], { type: 7 }]
const user = { role: 'user', content: 'Hi' }

const bodies = odd.flatMap((value): [string, unknown][] => [
  ['a message', { messages: [value] }],
  ['content', { messages: [{ role: 'user', content: value }] }],
  ['a part', { messages: [{ role: 'user', content: [value] }] }],
  ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: value }] }] }],
  ['tool calls', { messages: [user, { role: 'assistant', tool_calls: value }] }],
  ['a tool call', { messages: [user, { role: 'assistant', tool_calls: [value] }] }],
  ['a function', { messages: [user, { role: 'assistant', tool_calls: [{ id: 'a', function: value }] }] }],
  ['an old call', { messages: [user, { role: 'assistant', function_call: value }] }],
  ['an id', { messages: [user, { role: 'tool', tool_call_id: value }] }],
  ['tools', { messages: [user], tools: value, tool_choice: { type: 'function', function: { name: 'f' } } }],
  ['a choice', { messages: [user], tools: [{}], tool_choice: value }],
  ['functions', { messages: [user], functions: value }],
  ['a format', { messages: [user], response_format: value }],
  ['an effort', { messages: [user], reasoning_effort: value }],
  ['options', { messages: [user], options: value }],
])

describe.each([
  ['the OpenAI layer', chat],
  ['the native API', native],
])('%s', (_, operation) => {
  test('a request of any shape is built or refused with its path, and never crashes', () => {
    const outcomes = bodies.map(([what, body]) => [what, body, outcomeOf(operation, body)])
    expect(outcomes.filter(([, , outcome]) => outcome !== 'built' && outcome !== 'refused')).toEqual([])
  })
})

test('prompts and inputs of any shape, too', () => {
  const outcomes = odd.flatMap((value) => [
    [value, outcomeOf(completions, { prompt: value })],
    [value, outcomeOf(embeddings, { input: value })],
  ])
  expect(outcomes.filter(([, outcome]) => outcome !== 'built' && outcome !== 'refused')).toEqual([])
})

function outcomeOf(operation: unknown, body: unknown): string {
  try {
    const codec = operation as Operation<ChatRequest>
    codec.request(call(body))
    return 'built'
  } catch (error) {
    if (!ProviderFault.is(error)) return String(error)
    const { kind, param } = error.fault
    return /^(?:invalid_request|unsupported)$/.test(kind) && param ? 'refused' : JSON.stringify(error.fault)
  }
}

function call(body: unknown): Call<ChatRequest> {
  return {
    id: 'abc',
    created: 7,
    model: 'llama3.2',
    stream: false,
    headers: {},
    body: body as ChatRequest,
    dropped: () => undefined,
  }
}

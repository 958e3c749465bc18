import { type Call, type ChatRequest, ProviderFault, Secret } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

const provider = plugin.create({
  api_key: new Secret('test-key'),
  base_url: 'https://host.test/v1beta',
  api: 'generate-content',
  schema_dialect: 'auto',
  safety_settings: [],
})

function call(body: unknown): Call<ChatRequest> {
  const model = 'gemini-3-pro-preview'
  return {
    id: 'abc',
    created: 7,
    model,
    stream: false,
    headers: {},
    body: body as ChatRequest,
    dropped: () => undefined,
  }
}

const odd: readonly unknown[] = [null, undefined, 7, true, 'text', [], {}, [null], [7], [[]], { type: 7 }]
const user = { role: 'user', content: 'Hi' }

describe('a request of any shape is built or refused with its path, and never crashes', () => {
  const bodies = odd.flatMap((value): [string, unknown][] => [
    ['messages', { messages: value }],
    ['a message', { messages: [value] }],
    ['content', { messages: [{ role: 'user', content: value }] }],
    ['a part', { messages: [{ role: 'user', content: [value] }] }],
    ['an image', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: value }] }] }],
    ['audio', { messages: [{ role: 'user', content: [{ type: 'input_audio', input_audio: value }] }] }],
    ['a file', { messages: [{ role: 'user', content: [{ type: 'file', file: value }] }] }],
    ['tool calls', { messages: [user, { role: 'assistant', tool_calls: value }] }],
    ['a tool call', { messages: [user, { role: 'assistant', tool_calls: [value] }] }],
    ['a function', { messages: [user, { role: 'assistant', tool_calls: [{ id: 'a', function: value }] }] }],
    ['an old call', { messages: [user, { role: 'assistant', function_call: value }] }],
    ['an id', { messages: [user, { role: 'tool', tool_call_id: value }] }],
    ['tools', { messages: [user], tools: value }],
    ['a tool', { messages: [user], tools: [{ type: 'function', function: value }] }],
    [
      'parameters',
      { messages: [user], tools: [{ type: 'function', function: { name: 'f', parameters: value } }] },
    ],
    ['a choice', { messages: [user], tool_choice: value }],
    ['functions', { messages: [user], functions: value }],
    ['a format', { messages: [user], response_format: value }],
    ['stop', { messages: [user], stop: value }],
    ['an effort', { messages: [user], reasoning_effort: value }],
    ['a signature', { messages: [user, { role: 'assistant', content: 'a', extra_content: value }] }],
  ])

  test('whatever is odd', () => {
    const outcomes = bodies.map(([what, body]) => [what, body, outcomeOf(body)])
    expect(outcomes.filter(([, , outcome]) => outcome !== 'built' && outcome !== 'refused')).toEqual([])
  })
})

function outcomeOf(body: unknown): string {
  try {
    provider.operations.chat?.request(call(body))
    return 'built'
  } catch (error) {
    if (!ProviderFault.is(error)) return String(error)
    const { kind, param } = error.fault
    return kind === 'invalid_request' && param ? 'refused' : JSON.stringify(error.fault)
  }
}

test('a result that comes late stands where the results are, and of calls with one id the latest counts', () => {
  const calling = (name: string) => ({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: 'same', type: 'function', function: { name, arguments: '{}' } }],
  })
  const result = (content: string) => ({ role: 'tool', tool_call_id: 'same', content })
  const messages = [user, calling('first'), user, result('1'), calling('second'), result('2')]
  const { body } = provider.operations.chat!.request(call({ messages }))
  const { contents } = body as { contents: { role: string; parts: object[] }[] }
  expect(contents[2]?.parts).toEqual([
    { functionResponse: { name: 'first', response: { result: '1' } } },
    { text: 'Hi' },
  ])
  expect(contents[4]?.parts).toEqual([{ functionResponse: { name: 'second', response: { result: '2' } } }])
})

test('results stand in the order of their calls, in a turn that has the ids of an earlier one as well', () => {
  const calls = ['c0', 'c1'].map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '' } }))
  const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: id })
  const turn = [{ role: 'assistant', tool_calls: calls }, result('c1'), result('c0')]
  const { body } = provider.operations.chat!.request(call({ messages: [user, ...turn, ...turn] }))
  const { contents } = body as { contents: { parts: object[] }[] }
  for (const place of [2, 4])
    expect(contents[place]?.parts).toMatchObject(
      ['c0', 'c1'].map((id) => ({ functionResponse: { response: { result: id } } })),
    )
})

test('a model whose name no URL can carry is refused', () => {
  const odd = { ...call({ messages: [user], input: 'Hi' }), model: 'gemini-\ud800' }
  expect(() => provider.operations.chat?.request(odd)).toThrow(/^model: /)
  expect(() => provider.operations.embeddings?.request(odd as never)).toThrow(/^model: /)
})

test('an old choice is refused without functions, beside a new one that is null as well', () => {
  const body = { messages: [user], tool_choice: null, function_call: { name: 'f' } }
  expect(() => provider.operations.chat?.request(call(body))).toThrow(/^function_call: /)
})

test('embeddings of anything but texts are refused with their path', () => {
  for (const input of odd.filter(
    (value) => typeof value !== 'string' && !(Array.isArray(value) && value.length === 0),
  ))
    expect(() => provider.operations.embeddings?.request(call({ input }) as never)).toThrow(/^input/)
})

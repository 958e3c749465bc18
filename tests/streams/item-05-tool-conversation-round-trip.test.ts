import type OpenAI from 'openai'
import { expect, test } from 'vitest'
import { anthropicWire, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { chatTools } from '../support/tool-loop.ts'

type Message = OpenAI.ChatCompletionMessageParam

const call = (id: string, name: string, given: object) => ({
  id,
  type: 'function' as const,
  function: { name, arguments: JSON.stringify(given) },
})

/** Three turns; two of them call tools in parallel. */
const conversation: readonly Message[] = [
  { role: 'system', content: 'Answer in verse.' },
  { role: 'user', content: 'What is it like in Rome and Oslo?' },
  {
    role: 'assistant',
    content: 'I shall look.',
    tool_calls: [
      call('call_1', 'get_weather', { city: 'Rome' }),
      call('call_2', 'get_time', { city: 'Rome' }),
    ],
  },
  { role: 'tool', tool_call_id: 'call_1', content: 'sunny, 世界 👩‍👩‍👧' },
  { role: 'tool', tool_call_id: 'call_2', content: '{"noon":true}' },
  {
    role: 'assistant',
    content: null,
    tool_calls: [
      call('call_3', 'get_weather', { city: 'Oslo', deep: { list: [1, 2.5, null, 'x"\n'] } }),
      call('call_4', 'get_weather', {}),
    ],
  },
  { role: 'tool', tool_call_id: 'call_4', content: 'second result first' },
  { role: 'tool', tool_call_id: 'call_3', content: 'snow' },
  { role: 'assistant', content: 'Rome is warm, Oslo is not.' },
  { role: 'user', content: 'And tomorrow?' },
]

interface AnthropicBody {
  system: string | { text: string }[]
  messages: { role: 'user' | 'assistant'; content: string | Block[] }[]
  tools: { name: string; description: string; input_schema: unknown }[]
  tool_choice: unknown
}

type Block =
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: object }
  | { type: 'tool_result'; tool_use_id: string; content: string | { text: string }[]; is_error?: boolean }

test('a conversation with parallel tools reaches the Anthropic wire with nothing lost', async () => {
  await using gateway = await start({ config: ([url = '']) => ({ providers: [anthropicWire(url)] }) })
  const body = {
    model: 'mock-fixed',
    messages: conversation,
    tools: chatTools,
    tool_choice: { type: 'function', function: { name: 'get_time' } },
    parallel_tool_calls: false,
    max_tokens: 50,
  }
  const answer = await post(`${gateway.url}/v1/chat/completions`, body)
  expect(answer).toMatchObject({ status: 200 })
  expect(answer.headers).not.toHaveProperty('x-llmproxy-dropped')
  const sent = JSON.parse(gateway.upstreams[0]!.requests[0]!.body.toString()) as AnthropicBody
  expect(backToChat(sent)).toEqual(conversation)
  expect(
    sent.tools.map(({ name, description, input_schema }) => ({ name, description, input_schema })),
  ).toEqual(
    chatTools.map(({ function: { name, description, parameters } }) => ({
      name,
      description,
      input_schema: parameters,
    })),
  )
  expect(sent.tool_choice).toEqual({ type: 'tool', name: 'get_time', disable_parallel_tool_use: true })
})

test('the vendor’s rules hold: results stand in the user message behind their calls, roles alternate', async () => {
  await using gateway = await start({ config: ([url = '']) => ({ providers: [anthropicWire(url)] }) })
  await post(`${gateway.url}/v1/chat/completions`, {
    model: 'mock-fixed',
    messages: conversation,
    tools: chatTools,
  })
  const { messages } = JSON.parse(gateway.upstreams[0]!.requests[0]!.body.toString()) as AnthropicBody
  const roles = messages.map(({ role }) => role)
  expect(roles).toEqual(['user', 'assistant', 'user', 'assistant', 'user', 'assistant', 'user'])
  for (const [at, { content }] of messages.entries()) {
    const calls = blocks(content).flatMap((block) => (block.type === 'tool_use' ? [block.id] : []))
    const next = blocks(messages[at + 1]?.content ?? [])
    const results = next.flatMap((block) => (block.type === 'tool_result' ? [block.tool_use_id] : []))
    expect(results.sort()).toEqual(calls.sort())
  }
})

/** The Anthropic body as OpenAI messages again. */
function backToChat({ system, messages }: AnthropicBody): Message[] {
  const text = typeof system === 'string' ? system : system.map((block) => block.text).join('')
  return [{ role: 'system', content: text }, ...messages.flatMap(messageBack)]
}

function messageBack({ role, content }: AnthropicBody['messages'][number]): Message[] {
  const list = blocks(content)
  const text = list.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join('')
  if (role === 'assistant') {
    const calls = list.flatMap((block) =>
      block.type === 'tool_use' ? [call(block.id, block.name, block.input)] : [],
    )
    return [{ role, content: text === '' ? null : text, ...(calls.length > 0 && { tool_calls: calls }) }]
  }
  const results = list.flatMap((block): Message[] => {
    if (block.type !== 'tool_result') return []
    const { tool_use_id, content } = block
    const result = typeof content === 'string' ? content : content.map((part) => part.text).join('')
    return [{ role: 'tool', tool_call_id: tool_use_id, content: result }]
  })
  return text === '' ? results : [...results, { role, content: text }]
}

function blocks(content: string | Block[]): Block[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

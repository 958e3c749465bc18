import { expect, test } from 'vitest'
import { ask, askMessages, chat, events, type Json, messages, parse, streamedText } from '../test/ask.ts'

const streamed = { stream: true, stream_options: { include_usage: true } }

test('echo answers with the last user text, whole and streamed', () => {
  expect(parse(ask(chat('mock-echo'))).choices[0].message.content).toBe('Hello there')
  expect(streamedText(ask(chat('mock-echo', { stream: true })))).toBe('Hello there')
  const parts = {
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
    ],
  }
  expect(parse(ask(chat('mock-echo', parts))).choices[0].message.content).toBe('ab')
})

test('a stream opens with the role, finishes once and ends with [DONE]', () => {
  const all = events(ask(chat('mock-chunks-4', { stream: true })))
  expect(all.map((event) => event.choices?.[0].finish_reason)).toEqual([
    null,
    null,
    null,
    null,
    null,
    'stop',
    undefined,
  ])
  expect(all[0].choices[0].delta).toEqual({ role: 'assistant', content: '', refusal: null })
  expect(all.at(-1)).toBe('[DONE]')
})

test('usage is streamed only when it is asked for', () => {
  const asked = events(ask(chat('mock-usage-1000-200', streamed)))
  expect(asked.at(-2)).toMatchObject({
    choices: [],
    usage: { prompt_tokens: 1000, completion_tokens: 200, total_tokens: 1200 },
  })
  expect(asked[0]).toHaveProperty('usage', null)
  const silent = ask(chat('mock-usage-1000-200', { stream: true }))
  expect(silent.text).not.toContain('"usage"')
  expect(ask(chat('mock-no-usage', streamed)).text).not.toContain('"usage"')
})

test('equal requests get equal bytes', () => {
  expect(ask(chat('mock-tools-3', streamed))).toEqual(ask(chat('mock-tools-3', streamed)))
})

test('chunks, gap and long promise sizes', () => {
  const reading = ask(chat('mock-chunks-5-gap-20', { stream: true }))
  expect(reading.waits).toEqual([20, 20, 20, 20])
  expect(events(reading)).toHaveLength(8)
  expect(parse(ask(chat('mock-long-100000', { max_tokens: 5 }))).choices[0].message.content).toHaveLength(
    100_000,
  )
  expect(streamedText(ask(chat('mock-long-5000', { stream: true })))).toHaveLength(5000)
})

test('max_tokens shortens other answers and says so', () => {
  const { choices } = parse(ask(chat('mock-fixed', { max_tokens: 2 })))
  expect(choices[0]).toMatchObject({ message: { content: 'Hello fr' }, finish_reason: 'length' })
})

test('n choices come whole and streamed', () => {
  expect(
    parse(ask(chat('mock-echo', { n: 3 }))).choices.map((choice: { index: number }) => choice.index),
  ).toEqual([0, 1, 2])
  const finishes = events(ask(chat('mock-echo', { n: 2, stream: true }))).filter(
    (event) => event.choices?.[0].finish_reason,
  )
  expect(finishes.map((event) => event.choices[0].index)).toEqual([0, 1])
})

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
}

test('tools are called with arguments that fit their schema, and text follows their results', () => {
  const first = parse(ask(chat('mock-tools-2', { tools: [weather] }))).choices[0]
  expect(first.finish_reason).toBe('tool_calls')
  expect(first.message.content).toBeNull()
  const calls = first.message.tool_calls
  expect(calls.map((call: { function: object }) => call.function)).toEqual([
    { name: 'weather', arguments: '{"city":"mock-1"}' },
    { name: 'weather', arguments: '{"city":"mock-2"}' },
  ])
  const history = [
    { role: 'user', content: 'Hi' },
    first.message,
    ...calls.map((call: { id: string }) => ({ role: 'tool', tool_call_id: call.id, content: 'sunny' })),
  ]
  const second = parse(ask({ model: 'mock-tools-2', messages: history, tools: [weather] }))
  expect(second.choices[0].message.content).toBe('The tool said: sunny')
})

test('streamed tool calls have dense indexes, and id and name on the first delta only', () => {
  const calls: Json[] = []
  for (const event of events(ask(chat('mock-tools-2', { stream: true })))) {
    for (const delta of event.choices?.[0]?.delta?.tool_calls ?? []) {
      if (delta.id) calls[delta.index] = { id: delta.id, name: delta.function.name, arguments: '' }
      calls[delta.index].arguments += delta.function.arguments
    }
  }
  expect(calls).toEqual([
    { id: 'call_mock_1', name: 'get_weather', arguments: '{"city":"mock-1"}' },
    { id: 'call_mock_2', name: 'get_weather', arguments: '{"city":"mock-2"}' },
  ])
  expect(parse(ask(chat('mock-tool-noargs'))).choices[0].message.tool_calls[0].function.arguments).toBe('{}')
  expect(
    parse(ask(chat('mock-tool', { tools: [weather], tool_choice: 'none' }))).choices[0].message.tool_calls,
  ).toBeUndefined()
})

test('reasoning, refusal and finish reasons', () => {
  const thought = parse(ask(chat('mock-reasoning')))
  expect(thought.choices[0].message.reasoning_content).toContain('thinks')
  expect(thought.usage.completion_tokens_details.reasoning_tokens).toBeGreaterThan(0)
  expect(parse(ask(chat('mock-refusal'))).choices[0]).toMatchObject({
    message: { content: null, refusal: 'The mock model refuses.' },
    finish_reason: 'stop',
  })
  expect(parse(ask(chat('mock-finish-length'))).choices[0].finish_reason).toBe('length')
  expect(parse(ask(chat('mock-finish-filter'))).choices[0].finish_reason).toBe('content_filter')
})

test('json answers the schema with the least', () => {
  const schema = {
    type: 'object',
    properties: {
      name: { type: 'string', minLength: 6 },
      kind: { enum: ['a', 'b'] },
      tags: { type: 'array', items: { $ref: '#/$defs/tag' }, minItems: 2 },
      count: { type: 'integer', minimum: 3 },
      maybe: { anyOf: [{ type: 'null' }, { type: 'string' }] },
    },
    required: ['name', 'kind', 'tags', 'count', 'maybe'],
    $defs: { tag: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] } },
  }
  const format = { response_format: { type: 'json_schema', json_schema: { name: 'x', schema } } }
  const content = parse(ask(chat('mock-json', format))).choices[0].message.content
  expect(JSON.parse(content)).toEqual({
    name: 'mockxx',
    kind: 'a',
    tags: [{ on: true }, { on: true }],
    count: 3,
    maybe: null,
  })
  const recursive = { $ref: '#' }
  expect(
    ask(chat('mock-json', { response_format: { type: 'json_schema', json_schema: { schema: recursive } } }))
      .status,
  ).toBe(200)
})

test('legacy completions answer every prompt', () => {
  const path = '/v1/completions'
  const two = parse(ask({ model: 'mock-echo', prompt: ['a', 'b'] }, { path }))
  expect(two).toMatchObject({
    object: 'text_completion',
    choices: [
      { text: 'a', index: 0 },
      { text: 'b', index: 1 },
    ],
  })
  const all = events(ask({ model: 'mock-echo', prompt: 'one two', ...streamed }, { path }))
  expect(all.map((event) => event.choices?.[0]?.text ?? '').join('')).toBe('one two')
  expect(all.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 2 } })
  expect(ask({ model: 'mock-echo', prompt: [1, 2, 3] }, { path }).status).toBe(200)
})

test('the Messages wire streams named events that end with message_stop', () => {
  const all = events(askMessages(messages('mock-reasoning', { stream: true })))
  const types = all.map((event) => String(event.type)).filter((type) => type !== 'content_block_delta')
  const block = 'content_block_start content_block_stop'
  expect(types.join(' ')).toBe(`message_start ping ${block} ${block} message_delta message_stop`)
  expect(all.filter((event) => event.delta?.type === 'signature_delta')).toHaveLength(1)
})

test('the Messages wire calls tools and answers their results', () => {
  const tools = [{ name: 'weather', input_schema: weather.function.parameters }]
  const called = parse(askMessages(messages('mock-tools-2', { tools })))
  expect(called.stop_reason).toBe('tool_use')
  expect(called.content.map((block: { input: object }) => block.input)).toEqual([
    { city: 'mock-1' },
    { city: 'mock-2' },
  ])
  const results = called.content.map((block: { id: string }) => ({
    type: 'tool_result',
    tool_use_id: block.id,
    content: 'sunny',
  }))
  const history = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: called.content },
    { role: 'user', content: results },
  ]
  expect(parse(askMessages(messages('mock-tools-2', { tools, messages: history }))).content[0].text).toBe(
    'The tool said: sunny sunny',
  )
  const deltas = events(askMessages(messages('mock-tool-noargs', { stream: true }))).filter(
    (event) => event.delta?.type === 'input_json_delta',
  )
  expect(deltas.map((event) => event.delta.partial_json)).toEqual([''])
})

test('tokens are counted and models are listed on both wires', () => {
  const path = '/v1/messages/count_tokens'
  const { max_tokens: _, ...body } = messages('mock-echo') as { max_tokens: number }
  expect(parse(askMessages(body, { path }))).toEqual({ input_tokens: 3 })
  const list = parse(ask('', { path: '/v1/models', method: 'GET' }))
  expect(list.data.map((model: { id: string }) => model.id)).toContain('mock-chunks-20')
  expect(parse(askMessages('', { path: '/v1/models?limit=1', method: 'GET' }))).toMatchObject({
    has_more: false,
    first_id: 'mock-fixed',
  })
  expect(ask('', { path: '/v1/models/mock-echo', method: 'GET' }).status).toBe(200)
  expect(ask('', { path: '/v1/models/gpt-4o', method: 'GET' }).status).toBe(404)
})

test('embeddings are unit vectors that depend on the text, in the encoding asked for', () => {
  const embed = (body: object) =>
    parse(ask({ model: 'mock-embed-16', input: 'a', ...body }, { path: '/v1/embeddings' })).data
  const [{ embedding }] = embed({})
  expect(embedding).toHaveLength(16)
  expect(Math.hypot(...embedding)).toBeCloseTo(1, 5)
  const [{ embedding: packed }] = embed({ encoding_format: 'base64' })
  expect(Array.from(new Float32Array(new Uint8Array(Buffer.from(packed, 'base64')).buffer))).toEqual(
    embedding,
  )
  expect(embed({ input: ['a', 'b'] })[0].embedding).toEqual(embedding)
  expect(embed({ input: ['a', 'b'] })[1].embedding).not.toEqual(embedding)
  expect(embed({ input: [[1, 2], [3]] })).toHaveLength(2)
  expect(
    embed({ model: 'mock-embed-floats', dimensions: 3, encoding_format: 'base64' })[0].embedding,
  ).toHaveLength(3)
})

test('images are a real PNG, videos a data URL', () => {
  const image = parse(ask({ model: 'mock-fixed', prompt: 'x', n: 2 }, { path: '/v1/images/generations' }))
  expect(Buffer.from(image.data[1].b64_json, 'base64').subarray(1, 4).toString()).toBe('PNG')
  const url = parse(
    ask({ model: 'mock-fixed', prompt: 'x', response_format: 'url' }, { path: '/v1/images/generations' }),
  )
  expect(url.data[0].url).toMatch(/^data:image\/png;base64,/)
  expect(
    parse(ask({ model: 'mock-fixed', prompt: 'x' }, { path: '/videos/generations' })).data[0].url,
  ).toMatch(/^data:video/)
})

test.each([
  { wire: 'openai', body: chat, asked: ask },
  { wire: 'anthropic', body: messages, asked: askMessages },
])(
  'a last message of the assistant is continued over the $wire wire, in the pieces of the whole answer',
  ({ body, asked }) => {
    const after = (content: string): string[] => {
      const conversation = [
        { role: 'user', content: 'Hi' },
        { role: 'assistant', content },
      ]
      const reading = asked(body('mock-chunks-4', { messages: conversation, stream: true }))
      return events(reading).flatMap((event: Json) => {
        const text: unknown = event.choices?.[0]?.delta.content ?? event.delta?.text
        return typeof text === 'string' && text !== '' ? [text] : []
      })
    }
    expect(after('w1 w')).toEqual(['2 ', 'w3 ', 'w4 '])
    expect(after('w1 w2')).toEqual([' ', 'w3 ', 'w4 '])
    expect(after('w1 w2 w3 w4 ')).toEqual([])
    // What is no beginning of the answer is an earlier message.
    expect(after('something else')).toEqual(['w1 ', 'w2 ', 'w3 ', 'w4 '])
  },
)

import { expect, test } from 'vitest'
import { ask, askMessages, chat, messages, parse } from '../test/ask.ts'

const user = { role: 'user', content: 'x'.repeat(400) }
const call = { id: 'c1', type: 'function', function: { name: 'look', arguments: 'y'.repeat(370) } }
const calling = { role: 'assistant', content: null, tool_calls: [call] }
const result = { role: 'tool', tool_call_id: 'c1', content: 'z'.repeat(400) }
const tools = [{ type: 'function', function: { name: 'look', parameters: {} } }]
const toolTokens = Math.ceil(JSON.stringify(tools).length / 4)

/** The prompt as the mock counts it when it fits, and what it says one token below. */
function sizeAndText(body: object): { size: number; text: string } {
  const size: number = parse(ask({ ...body, model: 'mock-strict-window-100000' })).usage.prompt_tokens
  expect(ask({ ...body, model: `mock-strict-window-${size}` }).status).toBe(200)
  const refused = ask({ ...body, model: `mock-strict-window-${size - 1}` })
  expect(refused.status).toBe(400)
  return { size, text: parse(refused).error.message }
}

test('messages count with their tool calls, four tokens each and three for the answer’s start', () => {
  const { size, text } = sizeAndText({ messages: [user, calling, result] })
  expect(size).toBe(4 + 100 + (4 + 100) + (4 + 100) + 3)
  expect(text).toBe(
    "This model's maximum context length is 314 tokens. However, your messages resulted in 315 tokens. Please reduce the length of the messages.",
  )
})

test('definitions of tools and the schema of the answer count', () => {
  const plain = sizeAndText({ messages: [user] }).size
  const { size, text } = sizeAndText({ messages: [user], tools })
  expect(size).toBe(plain + toolTokens)
  expect(text).toContain(
    `resulted in ${size} tokens (${plain} in the messages, ${toolTokens} in the functions)`,
  )
  const format = { type: 'json_schema', json_schema: { name: 'a', schema: { type: 'object' } } }
  expect(sizeAndText({ messages: [user], response_format: format }).size).toBeGreaterThan(plain + 10)
})

test('an image counts the same whatever its bytes', () => {
  const picture = (bytes: number) => ({
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'd'.repeat(bytes) } }] }],
  })
  expect(sizeAndText(picture(10)).size).toBe(sizeAndText(picture(100_000)).size)
})

test('the answer that max_tokens asks for counts, under either name, and the text tells each part', () => {
  const body = { messages: [user], max_tokens: 50 }
  expect(ask({ ...body, model: 'mock-strict-window-157' }).status).toBe(200)
  const refused = parse(ask({ ...body, model: 'mock-strict-window-156' })).error
  expect(refused).toMatchObject({ code: 'context_length_exceeded', param: 'messages' })
  expect(refused.message).toContain(
    'maximum context length is 156 tokens. However, you requested 157 tokens (107 in the messages, 50 in the completion).',
  )
  const both = parse(
    ask({ messages: [user], tools, max_completion_tokens: 50, model: 'mock-strict-window-156' }),
  )
  expect(both.error.message).toContain(
    `(107 in the messages, ${toolTokens} in the functions, and 50 in the completion)`,
  )
})

test('legacy completions say it in the words of their vendor, without a code', () => {
  const body = { prompt: 'x'.repeat(400), max_tokens: 50 }
  const path = '/v1/completions'
  expect(ask({ ...body, model: 'mock-strict-window-150' }, { path }).status).toBe(200)
  const { error } = parse(ask({ ...body, model: 'mock-strict-window-149' }, { path }))
  expect(error).toMatchObject({ code: null, param: null })
  expect(error.message).toContain('you requested 150 tokens (100 in your prompt; 50 for the completion)')
})

test('the Messages wire tells a prompt that is too long from an answer that is', () => {
  const body = messages('mock-strict-window-157', { messages: [user], max_tokens: 53 })
  expect(askMessages(body).status).toBe(200)
  const long = parse(askMessages({ ...body, model: 'mock-strict-window-103' })).error.message
  expect(long).toBe('prompt is too long: 104 tokens > 103 maximum')
  const asked = parse(askMessages({ ...body, model: 'mock-strict-window-156' })).error.message
  expect(asked).toContain('exceed context limit: 104 + 53 > 156')
})

test('dense text has twice the tokens, and an error may name no numbers', () => {
  expect(ask(chat('mock-strict-window-207-dense', { messages: [user] })).status).toBe(200)
  expect(ask(chat('mock-strict-window-206-dense', { messages: [user] })).status).toBe(400)
  for (const model of ['mock-context-length-no-numbers', 'mock-window-9-no-numbers']) {
    const { error } = parse(ask(chat(model, { messages: [user] })))
    expect(error.code).toBe('context_length_exceeded')
    expect(error.message).not.toMatch(/\d/)
  }
})

test('a digest keeps every pin of all messages once, whoever said it, as far as max_tokens goes', () => {
  const body = {
    messages: [
      { role: 'system', content: 'Known so far: PIN-1: the door is red.' },
      { role: 'user', content: 'a\nPIN-2: the key is under the mat, and PIN-1: the door is red\nb' },
    ],
  }
  const text = (more: object): string =>
    parse(ask(chat('mock-digest', { ...body, ...more }))).choices[0].message.content
  expect(text({}).split('\n').slice(1)).toEqual(['PIN-1: the door is red', 'PIN-2: the key is under the mat'])
  expect(text({ max_tokens: 2 })).toBe('Digest o')
})

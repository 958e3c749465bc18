import { expect, test } from 'vitest'
import { ask, askMessages, chat, messages, parse } from '../test/ask.ts'

const user = { role: 'user', content: 'Hi' }
const calling = {
  role: 'assistant',
  content: null,
  tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: '{}' } }],
}
const result = { role: 'tool', tool_call_id: 'c1', content: 'done' }

test.each<[string, unknown, string | null]>([
  ['a body that is not JSON', '{"model":', null],
  ['a body that is not an object', '[]', null],
  ['no model', { messages: [user] }, 'model'],
  ['no messages', { model: 'mock-echo' }, 'messages'],
  ['empty messages', chat('mock-echo', { messages: [] }), 'messages'],
  ['a message that is null', chat('mock-echo', { messages: [null] }), 'messages[0]'],
  ['an unknown role', chat('mock-echo', { messages: [{ role: 'robot', content: 'x' }] }), 'messages[0].role'],
  [
    'a user message without content',
    chat('mock-echo', { messages: [{ role: 'user' }] }),
    'messages[0].content',
  ],
  [
    'content of the wrong type',
    chat('mock-echo', { messages: [{ role: 'user', content: 5 }] }),
    'messages[0].content',
  ],
  ['stream that is not a boolean', chat('mock-echo', { stream: 'yes' }), 'stream'],
  [
    'stream_options without stream',
    chat('mock-echo', { stream_options: { include_usage: true } }),
    'stream_options',
  ],
  ['a temperature out of range', chat('mock-echo', { temperature: 3 }), 'temperature'],
  ['n that is zero', chat('mock-echo', { n: 0 }), 'n'],
  ['a tool without a name', chat('mock-echo', { tools: [{ type: 'function' }] }), 'tools[0]'],
  ['tool_choice without tools', chat('mock-echo', { tool_choice: 'auto' }), 'tool_choice'],
  ['a tool call without its result', chat('mock-echo', { messages: [user, calling, user] }), 'messages[2]'],
  [
    'a result without its tool call',
    chat('mock-echo', { messages: [user, { role: 'tool', tool_call_id: 'x', content: '' }] }),
    'messages[1].tool_call_id',
  ],
  [
    'a second result for one call',
    chat('mock-echo', { messages: [user, calling, result, result] }),
    'messages[3].tool_call_id',
  ],
  [
    'a result behind another message',
    chat('mock-echo', { messages: [user, calling, user, result] }),
    'messages[2]',
  ],
  ['a call at the end', chat('mock-echo', { messages: [user, calling] }), 'messages'],
  [
    'one of two calls without a result',
    chat('mock-echo', {
      messages: [
        user,
        { ...calling, tool_calls: [...calling.tool_calls, { ...calling.tool_calls[0], id: 'c2' }] },
        result,
        user,
      ],
    }),
    'messages[3]',
  ],
  [
    'an assistant that says nothing',
    chat('mock-echo', { messages: [user, { role: 'assistant', content: null }] }),
    'messages[1].content',
  ],
  [
    'an empty list of calls',
    chat('mock-echo', { messages: [user, { role: 'assistant', content: 'x', tool_calls: [] }] }),
    'messages[1].tool_calls',
  ],
  [
    'a call without id',
    chat('mock-echo', {
      messages: [
        user,
        { ...calling, tool_calls: [{ type: 'function', function: { name: 'f', arguments: '' } }] },
      ],
    }),
    'messages[1].tool_calls[0]',
  ],
  [
    'arguments that are no text',
    chat('mock-echo', {
      messages: [
        user,
        { ...calling, tool_calls: [{ id: 'c1', type: 'function', function: { name: 'f', arguments: {} } }] },
      ],
    }),
    'messages[1].tool_calls[0]',
  ],
])('%s is a 400 that names the field', (_, body, param) => {
  const reading = ask(body)
  expect(reading.status).toBe(400)
  expect(parse(reading).error).toMatchObject({ type: 'invalid_request_error', param })
})

test.each<[string, unknown, string]>([
  ['no max_tokens', { model: 'mock-echo', messages: [user] }, 'max_tokens'],
  ['an unknown member', messages('mock-echo', { n: 1 }), 'n: Extra inputs'],
  [
    'a system message',
    messages('mock-echo', { messages: [{ role: 'system', content: 'x' }] }),
    'messages.0.role',
  ],
  [
    'an assistant who begins',
    messages('mock-echo', { messages: [{ role: 'assistant', content: 'x' }] }),
    'messages.0',
  ],
  [
    'an empty text block',
    messages('mock-echo', { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] }),
    'non-empty',
  ],
  ['a temperature above 1', messages('mock-echo', { temperature: 1.5 }), 'temperature'],
  ['a tool without schema', messages('mock-echo', { tools: [{ name: 'f' }] }), 'tools.0'],
  [
    'a tool use without its result',
    messages('mock-echo', {
      messages: [
        user,
        { role: 'assistant', content: [{ type: 'tool_use', id: 't1', name: 'f', input: {} }] },
        user,
      ],
    }),
    't1',
  ],
])('on the Messages wire %s is a 400', (_, body, part) => {
  const reading = askMessages(body)
  expect(reading.status).toBe(400)
  expect(parse(reading)).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } })
  expect(parse(reading).error.message).toContain(part)
})

test('the Messages wire needs its version header', () => {
  expect(ask(messages('mock-echo'), { path: '/v1/messages' }).status).toBe(400)
})

test('keys are checked only when some are given, in any of the usual headers', () => {
  const keys = ['sk-good']
  expect(ask(chat('mock-echo'), { keys }).status).toBe(401)
  expect(ask(chat('mock-echo'), { keys, headers: { authorization: 'Bearer sk-bad' } }).status).toBe(401)
  expect(ask(chat('mock-echo'), { keys, headers: { authorization: 'Bearer sk-good' } }).status).toBe(200)
  expect(ask(chat('mock-echo'), { keys, headers: { 'api-key': 'sk-good' } }).status).toBe(200)
  expect(askMessages(messages('mock-echo'), { keys, headers: { 'x-api-key': 'sk-good' } }).status).toBe(200)
  expect(parse(askMessages(messages('mock-echo'), { keys })).error.type).toBe('authentication_error')
})

test('unknown models and paths are 404', () => {
  expect(parse(ask(chat('gpt-4o'))).error.code).toBe('model_not_found')
  expect(parse(askMessages(messages('claude-sonnet-4-5'))).error.type).toBe('not_found_error')
  expect(ask({}, { path: '/v1/nothing' }).status).toBe(404)
  expect(ask({}, { path: '/constructor' }).status).toBe(404)
  expect(askMessages(messages('mock-scenario-ok')).status).toBe(404)
})

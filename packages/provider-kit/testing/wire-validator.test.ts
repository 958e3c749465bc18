import { describe, expect, test } from 'vitest'
import { wireProblems, type WireShape } from './wire-validator.ts'

const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 }
const message = { role: 'assistant', content: 'Hi' }
const chat = {
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message, finish_reason: 'stop' }],
  usage,
}
const chunk = {
  ...chat,
  object: 'chat.completion.chunk',
  choices: [{ index: 0, delta: { content: 'a' }, finish_reason: null }],
}
const text = {
  ...chat,
  object: 'text_completion',
  choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: 'stop' }],
}
const call = { id: 't', type: 'function', function: { name: 'f', arguments: '{}' } }
const embeddings = {
  object: 'list',
  model: 'm',
  data: [{ object: 'embedding', index: 0, embedding: [0.5] }],
  usage: { prompt_tokens: 1, total_tokens: 1 },
}

function withChoice(choice: object): object {
  return { ...chat, choices: [{ ...chat.choices[0], ...choice }] }
}

describe('good', () => {
  test.each<[WireShape, unknown]>([
    ['chat', chat],
    ['chat', { ...chat, system_fingerprint: 'f', usage: null }],
    [
      'chat',
      withChoice({ message: { ...message, content: null, tool_calls: [call] }, finish_reason: 'tool_calls' }),
    ],
    ['chat', withChoice({ message: { ...message, content: null, refusal: 'no' } })],
    [
      'chat',
      withChoice({
        message: { ...message, content: null, tool_calls: [{ id: 't', type: 'custom', custom: {} }] },
      }),
    ],
    ['chat.chunk', chunk],
    ['chat.chunk', { ...chunk, choices: [] }],
    ['completions', text],
    ['completions.chunk', { ...text, choices: [{ index: 0, text: '', finish_reason: null }] }],
    ['embeddings', embeddings],
    ['embeddings', { ...embeddings, data: [{ object: 'embedding', index: 0, embedding: 'AAAA' }] }],
    ['images', { created: 1, data: [{ b64_json: 'AAAA' }] }],
    ['videos', { data: [{ url: 'http://127.0.0.1/1' }] }],
    ['error', { error: { message: 'm', type: 't', param: null, code: null, details: [] } }],
  ])('%s', (shape, value) => {
    expect(wireProblems(shape, value)).toEqual([])
  })
})

describe('bad', () => {
  test.each<[WireShape, unknown, string]>([
    ['chat', null, '$: expected an object, found null'],
    ['chat', { ...chat, id: '' }, '$.id: expected a string that is not empty, found ""'],
    ['chat', { ...chat, object: 'x' }, '$.object: expected "chat.completion", found "x"'],
    ['chat', { ...chat, created: 1.5 }, '$.created: expected a whole number of 0 or more, found 1.5'],
    ['chat', { ...chat, choices: [] }, '$.choices: expected at least 1, found 0'],
    ['chat', withChoice({ finish_reason: 'end_turn' }), '$.choices[0].finish_reason: expected "stop" or'],
    [
      'chat',
      withChoice({ finish_reason: null }),
      '$.choices[0].finish_reason: a whole answer must say why it ended',
    ],
    [
      'chat',
      withChoice({ message: { role: 'assistant' } }),
      '$.choices[0].message.content: expected a string, found nothing',
    ],
    [
      'chat',
      withChoice({ message: { ...message, content: null } }),
      '$.choices[0].message.content: null, and there is no',
    ],
    ['chat', withChoice({ message: { ...message, tool_calls: [] } }), 'tool_calls: expected at least 1'],
    [
      'chat',
      withChoice({
        message: { ...message, tool_calls: [{ ...call, function: { name: 'f', arguments: {} } }] },
      }),
      'arguments: expected a string, found an object',
    ],
    ['chat', { ...chat, usage: { ...usage, total_tokens: -1 } }, '$.usage.total_tokens'],
    [
      'chat',
      { ...chat, usage: { ...usage, prompt_tokens_details: { cached_tokens: 5 } } },
      'prompt_tokens must include cached_tokens',
    ],
    [
      'chat.chunk',
      { ...chunk, choices: [{ index: 0, delta: { tool_calls: [{ id: 't' }] }, finish_reason: null }] },
      'tool_calls[0].index',
    ],
    [
      'chat.chunk',
      { ...chunk, choices: [{ index: 0, finish_reason: null }] },
      '$.choices[0].delta: expected an object, found nothing',
    ],
    [
      'completions',
      { ...text, choices: [{ index: 0, text: null, finish_reason: 'stop' }] },
      '$.choices[0].text',
    ],
    [
      'embeddings',
      { ...embeddings, data: [{ object: 'embedding', index: 0, embedding: ['x'] }] },
      'embedding[0]: expected a finite number',
    ],
    ['images', { created: 1, data: [{}] }, '$.data[0]: neither url nor b64_json'],
    ['error', { error: 'text' }, '$.error: expected an object, found "text"'],
    [
      'error',
      { error: { message: 'm', type: 't', param: null } },
      '$.error.code: expected a string, found nothing',
    ],
  ])('%s: %j', (shape, value, problem) => {
    expect(wireProblems(shape, value).join('\n')).toContain(problem)
  })
})

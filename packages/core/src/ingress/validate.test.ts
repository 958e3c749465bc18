import { describe, expect, test } from 'vitest'
import { GatewayError } from '../errors.ts'
import { parseBody } from './parse-body.ts'

type Operation = Parameters<typeof parseBody>[0]

function refusal(operation: Operation, body: string): GatewayError {
  try {
    parseBody(operation, Buffer.from(body))
  } catch (error) {
    if (GatewayError.is(error)) return error
    throw error
  }
  throw new Error('the body was accepted')
}

const chat = (members: object): string =>
  JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'x' }], ...members })
const said = (message: unknown): string => chat({ messages: [message] })
const user = (content: unknown): string => said({ role: 'user', content })
const calls = (toolCalls: unknown): string =>
  said({ role: 'assistant', content: null, tool_calls: toolCalls })
const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
const text = (members: object): string => JSON.stringify({ model: 'm', prompt: 'p', ...members })
const embed = (members: object): string => JSON.stringify({ model: 'm', input: 'i', ...members })
const image = (members: object): string => JSON.stringify({ model: 'm', prompt: 'p', ...members })

describe('members of the wrong shape', () => {
  test.each<[Operation, string, string, RegExp]>([
    ['chat', '{}', 'model', /model is missing/],
    ['chat', chat({ model: null }), 'model', /non-empty string, found null/],
    ['chat', chat({ model: '' }), 'model', /found an empty string/],
    ['chat', chat({ model: '  ' }), 'model', /found a string/],
    ['chat', chat({ model: 1 }), 'model', /found 1/],
    ['chat', chat({ model: ['m'] }), 'model', /found an array/],
    ['chat', chat({ model: 'x'.repeat(257) }), 'model', /at most 256 characters, found 257/],
    ['chat', '{"model":"m"}', 'messages', /messages is missing/],
    ['chat', '{"model":"m","input":"hi"}', 'messages', /Responses shape/],
    ['chat', '{"model":"m","prompt":"hi"}', 'messages', /completions shape/],
    ['chat', chat({ messages: null }), 'messages', /found null/],
    ['chat', chat({ messages: [] }), 'messages', /found an empty array/],
    ['chat', chat({ messages: 'hi' }), 'messages', /found a string/],
    ['chat', chat({ messages: { role: 'user' } }), 'messages', /found an object/],
    ['chat', chat({ messages: [null] }), 'messages[0]', /found null/],
    ['chat', chat({ messages: ['hi'] }), 'messages[0]', /found a string/],
    ['chat', chat({ messages: [[]] }), 'messages[0]', /found an empty array/],
    ['chat', chat({ messages: [{ role: 'user', content: 'x' }, 7] }), 'messages[1]', /found 7/],
    ['chat', said({ content: 'x' }), 'messages[0].role', /role is missing/],
    ['chat', said({ role: null, content: 'x' }), 'messages[0].role', /found null/],
    ['chat', said({ role: 1, content: 'x' }), 'messages[0].role', /found 1/],
    ['chat', said({ role: 'bot', content: 'x' }), 'messages[0].role', /"system".*found "bot"/],
    ['chat', said({ role: '__proto__', content: 'x' }), 'messages[0].role', /found "__proto__"/],
    ['chat', said({ role: 'toString', content: 'x' }), 'messages[0].role', /found "toString"/],
    ['chat', said({ role: 'User', content: 'x' }), 'messages[0].role', /found "User"/],
    ['chat', said({ role: 'user' }), 'messages[0].content', /content is missing/],
    ['chat', user(null), 'messages[0].content', /found null/],
    ['chat', user(7), 'messages[0].content', /found 7/],
    ['chat', user({}), 'messages[0].content', /found an object/],
    ['chat', user(true), 'messages[0].content', /found true/],
    ['chat', said({ role: 'system', content: null }), 'messages[0].content', /found null/],
    ['chat', said({ role: 'assistant', content: 1 }), 'messages[0].content', /or null, found 1/],
    ['chat', user([null]), 'messages[0].content[0]', /found null/],
    ['chat', user(['x']), 'messages[0].content[0]', /found a string/],
    ['chat', user([{}]), 'messages[0].content[0].type', /type is missing/],
    ['chat', user([{ type: 1 }]), 'messages[0].content[0].type', /found 1/],
    ['chat', user([{ type: '' }]), 'messages[0].content[0].type', /found an empty string/],
    ['chat', user([{ type: 'text' }]), 'messages[0].content[0].text', /text is missing/],
    ['chat', user([{ type: 'text', text: 1 }]), 'messages[0].content[0].text', /found 1/],
    [
      'chat',
      user([
        { type: 'text', text: 'a' },
        { type: 'text', text: null },
      ]),
      'messages[0].content[1].text',
      /found null/,
    ],
    ['chat', user([{ type: 'image_url' }]), 'messages[0].content[0].image_url', /missing/],
    ['chat', user([{ type: 'image_url', image_url: 1 }]), 'messages[0].content[0].image_url', /found 1/],
    ['chat', user([{ type: 'image_url', image_url: {} }]), 'messages[0].content[0].image_url.url', /missing/],
    [
      'chat',
      user([{ type: 'image_url', image_url: { url: null } }]),
      'messages[0].content[0].image_url.url',
      /found null/,
    ],
    [
      'chat',
      user([{ type: 'input_audio', input_audio: 'x' }]),
      'messages[0].content[0].input_audio',
      /found a string/,
    ],
    ['chat', user([{ type: 'file' }]), 'messages[0].content[0].file', /missing/],
    [
      'chat',
      said({ role: 'assistant', content: [{ type: 'refusal' }] }),
      'messages[0].content[0].refusal',
      /missing/,
    ],
    ['chat', said({ role: 'user', content: 'x', name: 1 }), 'messages[0].name', /found 1/],
    ['chat', said({ role: 'tool', content: 'x' }), 'messages[0].tool_call_id', /missing/],
    ['chat', said({ role: 'tool', content: 'x', tool_call_id: 1 }), 'messages[0].tool_call_id', /found 1/],
    [
      'chat',
      said({ role: 'tool', content: 'x', tool_call_id: '' }),
      'messages[0].tool_call_id',
      /empty string/,
    ],
    ['chat', said({ role: 'tool', content: null, tool_call_id: 'c' }), 'messages[0].content', /found null/],
    ['chat', calls({}), 'messages[0].tool_calls', /found an object/],
    ['chat', calls('x'), 'messages[0].tool_calls', /found a string/],
    ['chat', calls([null]), 'messages[0].tool_calls[0]', /found null/],
    ['chat', calls([{ ...call, id: undefined }]), 'messages[0].tool_calls[0].id', /missing/],
    ['chat', calls([{ ...call, id: 1 }]), 'messages[0].tool_calls[0].id', /found 1/],
    ['chat', calls([{ ...call, id: '' }]), 'messages[0].tool_calls[0].id', /empty string/],
    ['chat', calls([{ ...call, type: undefined }]), 'messages[0].tool_calls[0].type', /missing/],
    ['chat', calls([{ ...call, type: null }]), 'messages[0].tool_calls[0].type', /found null/],
    ['chat', calls([{ ...call, function: undefined }]), 'messages[0].tool_calls[0].function', /missing/],
    ['chat', calls([{ ...call, function: 'f' }]), 'messages[0].tool_calls[0].function', /found a string/],
    [
      'chat',
      calls([{ ...call, function: { arguments: '' } }]),
      'messages[0].tool_calls[0].function.name',
      /missing|must/,
    ],
    [
      'chat',
      calls([{ ...call, function: { name: '', arguments: '' } }]),
      'messages[0].tool_calls[0].function.name',
      /empty/,
    ],
    [
      'chat',
      calls([{ ...call, function: { name: 'f' } }]),
      'messages[0].tool_calls[0].function.arguments',
      /missing/,
    ],
    [
      'chat',
      calls([call, { ...call, function: { name: 'f', arguments: {} } }]),
      'messages[0].tool_calls[1].function.arguments',
      /found an object/,
    ],
    ['chat', said({ role: 'assistant', function_call: 'f' }), 'messages[0].function_call', /found a string/],
    [
      'chat',
      said({ role: 'assistant', function_call: { name: 'f' } }),
      'messages[0].function_call.arguments',
      /missing/,
    ],
    ['chat', said({ role: 'assistant', refusal: 1 }), 'messages[0].refusal', /found 1/],
    ['chat', chat({ stream: 'true' }), 'stream', /true, false or null, found a string/],
    ['chat', chat({ stream: 1 }), 'stream', /found 1/],
    ['chat', chat({ stream: {} }), 'stream', /found an object/],
    ['chat', chat({ stream: true, stream_options: 1 }), 'stream_options', /found 1/],
    ['chat', chat({ stream: true, stream_options: [] }), 'stream_options', /empty array/],
    [
      'chat',
      chat({ stream: true, stream_options: { include_usage: 'yes' } }),
      'stream_options.include_usage',
      /found a string/,
    ],
    ['chat', chat({ stream_options: { include_usage: true } }), 'stream_options', /only allowed together/],
    ['chat', chat({ stream: false, stream_options: {} }), 'stream_options', /only allowed together/],
    ['chat', chat({ stream: null, stream_options: {} }), 'stream_options', /only allowed together/],
    ['chat', chat({ n: 0 }), 'n', /found 0/],
    ['chat', chat({ n: -1 }), 'n', /found -1/],
    ['chat', chat({ n: 1.5 }), 'n', /found 1.5/],
    ['chat', chat({ n: '2' }), 'n', /found a string/],
    ['chat', chat({ temperature: '0.5' }), 'temperature', /found a string/],
    [
      'chat',
      '{"model":"m","messages":[{"role":"user","content":"x"}],"temperature":1e999}',
      'temperature',
      /found Infinity/,
    ],
    ['chat', chat({ top_p: [] }), 'top_p', /empty array/],
    ['chat', chat({ max_tokens: '10' }), 'max_tokens', /found a string/],
    ['chat', chat({ max_tokens: 1.5 }), 'max_tokens', /found 1.5/],
    ['chat', chat({ max_completion_tokens: {} }), 'max_completion_tokens', /found an object/],
    ['chat', chat({ stop: 1 }), 'stop', /found 1/],
    ['chat', chat({ stop: [1] }), 'stop[0]', /found 1/],
    ['chat', chat({ stop: ['a', null] }), 'stop[1]', /found null/],
    ['chat', chat({ seed: 'x' }), 'seed', /found a string/],
    ['chat', chat({ frequency_penalty: true }), 'frequency_penalty', /found true/],
    ['chat', chat({ presence_penalty: 'x' }), 'presence_penalty', /found a string/],
    ['chat', chat({ logit_bias: [] }), 'logit_bias', /empty array/],
    ['chat', chat({ user: 1 }), 'user', /found 1/],
    ['chat', chat({ tools: {} }), 'tools', /found an object/],
    ['chat', chat({ tools: [null] }), 'tools[0]', /found null/],
    ['chat', chat({ tools: ['f'] }), 'tools[0]', /found a string/],
    ['chat', chat({ tools: [{}] }), 'tools[0].type', /missing/],
    ['chat', chat({ tools: [{ type: 1 }] }), 'tools[0].type', /found 1/],
    ['chat', chat({ tools: [{ type: 'function' }] }), 'tools[0].function', /missing/],
    ['chat', chat({ tools: [{ type: 'function', function: 'f' }] }), 'tools[0].function', /found a string/],
    ['chat', chat({ tools: [{ type: 'function', function: {} }] }), 'tools[0].function.name', /missing/],
    [
      'chat',
      chat({ tools: [{ type: 'function', function: { name: '' } }] }),
      'tools[0].function.name',
      /empty/,
    ],
    [
      'chat',
      chat({ tools: [{ type: 'function', function: { name: 'f', parameters: 'x' } }] }),
      'tools[0].function.parameters',
      /found a string/,
    ],
    ['chat', chat({ tool_choice: 1 }), 'tool_choice', /found 1/],
    ['chat', chat({ tool_choice: [] }), 'tool_choice', /empty array/],
    ['chat', chat({ parallel_tool_calls: 'no' }), 'parallel_tool_calls', /found a string/],
    ['chat', chat({ response_format: 'json' }), 'response_format', /found a string/],
    ['chat', chat({ response_format: {} }), 'response_format.type', /missing/],
    ['chat', chat({ reasoning_effort: 1 }), 'reasoning_effort', /found 1/],
    ['chat', chat({ logprobs: 1 }), 'logprobs', /found 1/],
    ['chat', chat({ top_logprobs: 'x' }), 'top_logprobs', /found a string/],
    ['chat', chat({ metadata: 'x' }), 'metadata', /found a string/],
    ['completions', '{"model":"m"}', 'prompt', /prompt is missing/],
    ['completions', '{"model":"m","messages":[]}', 'prompt', /chat shape/],
    ['completions', text({ prompt: null }), 'prompt', /found null/],
    ['completions', text({ prompt: 1 }), 'prompt', /found 1/],
    ['completions', text({ prompt: {} }), 'prompt', /found an object/],
    ['completions', text({ prompt: [] }), 'prompt', /empty array/],
    ['completions', text({ prompt: ['a', 1] }), 'prompt[1]', /like the elements before it, found 1/],
    ['completions', text({ prompt: [1, 'a'] }), 'prompt[1]', /found a string/],
    ['completions', text({ prompt: [1.5] }), 'prompt[0]', /found 1.5/],
    ['completions', text({ prompt: [-1] }), 'prompt[0]', /found -1/],
    ['completions', text({ prompt: [[]] }), 'prompt[0]', /empty array/],
    ['completions', text({ prompt: [[1], ['a']] }), 'prompt[1][0]', /found a string/],
    ['completions', text({ prompt: [null] }), 'prompt[0]', /found null/],
    ['completions', text({ prompt: [{}] }), 'prompt[0]', /found an object/],
    ['completions', text({ prompt: [true] }), 'prompt[0]', /found true/],
    ['completions', text({ suffix: 1 }), 'suffix', /found 1/],
    ['completions', text({ echo: 'yes' }), 'echo', /found a string/],
    ['completions', text({ best_of: 0 }), 'best_of', /found 0/],
    ['completions', text({ logprobs: true }), 'logprobs', /found true/],
    ['completions', text({ stream: 'x' }), 'stream', /found a string/],
    ['embeddings', '{"model":"m"}', 'input', /input is missing/],
    ['embeddings', embed({ input: null }), 'input', /found null/],
    ['embeddings', embed({ input: [] }), 'input', /empty array/],
    ['embeddings', embed({ input: ['a', null] }), 'input[1]', /found null/],
    ['embeddings', embed({ input: [[1, 'x']] }), 'input[0][1]', /found a string/],
    ['embeddings', embed({ dimensions: 0 }), 'dimensions', /found 0/],
    ['embeddings', embed({ dimensions: '3' }), 'dimensions', /found a string/],
    ['embeddings', embed({ encoding_format: 'hex' }), 'encoding_format', /"float" or "base64" or null/],
    ['embeddings', embed({ user: {} }), 'user', /found an object/],
    ['images', '{"model":"m"}', 'prompt', /missing/],
    ['images', image({ prompt: ['a'] }), 'prompt', /found an array/],
    ['images', image({ prompt: '' }), 'prompt', /empty string/],
    ['images', image({ n: 0 }), 'n', /found 0/],
    ['images', image({ size: 512 }), 'size', /found 512/],
    ['images', image({ response_format: 'png' }), 'response_format', /"url" or "b64_json"/],
    ['videos', '{"model":"m"}', 'prompt', /missing/],
    ['videos', '{"prompt":"p"}', 'model', /missing/],
    ['videos', image({ prompt: 5 }), 'prompt', /found 5/],
  ])('%s %s is refused at %s', (operation, body, param, message) => {
    const error = refusal(operation, body)
    expect(error.message).toMatch(message)
    expect(error).toMatchObject({ status: 400, type: 'invalid_request_error', param })
    expect(error.message).toContain(param)
  })
})

describe('bodies that pass', () => {
  test.each<[Operation, string]>([
    ['chat', chat({})],
    [
      'chat',
      chat({
        unknown: { deep: [1] },
        temperature: null,
        n: null,
        stop: null,
        stream: null,
        stream_options: null,
        tools: null,
      }),
    ],
    [
      'chat',
      chat({
        stream: true,
        stream_options: { include_usage: true, extra: 1 },
        stop: ['a'],
        n: 2,
        max_tokens: 5,
      }),
    ],
    [
      'chat',
      user([
        { type: 'text', text: '' },
        { type: 'image_url', image_url: { url: 'u' } },
        { type: 'vendor_part' },
      ]),
    ],
    ['chat', user([{ type: 'image_url', image_url: 'https://x' }])],
    ['chat', calls([call, { id: 'd', type: 'custom', custom: {} }])],
    ['chat', said({ role: 'assistant' })],
    ['chat', said({ role: 'developer', content: [{ type: 'text', text: 'x' }] })],
    ['chat', said({ role: 'tool', content: '', tool_call_id: 'c' })],
    ['chat', said({ role: 'function', name: 'f', content: null })],
    ['chat', said({ role: 'assistant', content: '', function_call: null, tool_calls: null })],
    [
      'chat',
      chat({
        tools: [
          { type: 'function', function: { name: 'f' } },
          { type: 'function', name: 'flat' },
          { type: 'web_search' },
        ],
      }),
    ],
    [
      'chat',
      chat({
        tool_choice: { type: 'function', function: { name: 'f' } },
        response_format: { type: 'json_object' },
      }),
    ],
    ['chat', user('__proto__ and "constructor": {"prototype": 1} are words here')],
    ['chat', chat({ constructor: 'x', prototype: {}, input: 'y' })],
    ['completions', text({ prompt: '' })],
    ['completions', text({ prompt: ['a', 'b'], logprobs: 2, max_tokens: 0 })],
    ['completions', text({ prompt: [1, 2] })],
    ['completions', text({ prompt: [[1], [2, 3]] })],
    ['embeddings', embed({ input: [[1, 2]], encoding_format: 'base64', dimensions: 3 })],
    ['images', image({ n: 1, size: '1x1', response_format: 'url' })],
    ['videos', image({ duration: 5 })],
  ])('%s %s', (operation, body) => {
    expect(parseBody(operation, Buffer.from(body))).toEqual(JSON.parse(body))
  })
})

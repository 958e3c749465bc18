import { describe, expect, test } from 'vitest'
import { isContextLength } from './context-length.ts'

describe('a prompt that does not fit', () => {
  test.each([
    'context_length_exceeded',
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens.",
    'however you requested 4116 tokens (1044 in your prompt; 3072 for the completion). Please reduce your prompt; or completion length.',
    'Your input exceeds the context window of this model. Please adjust your input and try again.',
    'prompt is too long: 213462 tokens > 200000 maximum',
    'input length and `max_tokens` exceed context limit: 189136 + 20000 > 204648, decrease input length or `max_tokens` and try again',
    'request_too_large',
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.',
    'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    'Please reduce the length of the messages or completion.',
    'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
    'exceed_context_size_error',
    'However, the model is loaded with context length of only 4096 tokens, which is not enough',
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.',
    'Input is too long for requested model.',
    'the input length exceeds the context length',
    'The prompt (total length 5000) is too long to fit into the model (context length 4096).',
    'XError.ContextWindowExceededError: too big',
    'The length of all messages is too long',
  ])('%s', (text) => {
    expect(isContextLength(text)).toBe(true)
  })
})

describe('something else', () => {
  test.each([
    '',
    'Request too large for model-x on tokens per min (TPM): Limit 30000, Requested 34307. The input or output tokens must be reduced',
    'Too many tokens, please wait before trying again.',
    'Rate limit reached. Please reduce the length of the messages.',
    "string_above_max_length: Invalid 'user': string too long",
    'max tokens must be less than or equal to 4096 (context window)',
    'max_tokens: 200000 > 8192, which is the maximum allowed number of output tokens',
    'Extra usage is required for long context requests (context window)',
    "Unsupported parameter: 'max_tokens' is not supported with this model.",
    'You exceeded your current quota, please check your plan and billing details.',
    'Too many requests in the context window',
    'Invalid image',
  ])('%s', (text) => {
    expect(isContextLength(text)).toBe(false)
  })
})

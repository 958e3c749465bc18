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
    "The input (277702 tokens) is longer than the model's context length (262144 tokens).",
    'tokens to keep from the initial prompt is greater than the context length',
    'The context size has been exceeded.',
    'prompt has 9000 tokens, but the configured context size is 8192 tokens',
    'prompt too long; exceeded max context length by 13462 tokens',
    'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000',
    'The input exceeds the maximum allowed input length of 131072 tokens',
    'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 403437 tokens.',
    'prompt token count of 265330 exceeds the limit of 262144',
    'Prompt exceeds max length',
    'tokens in request more than max tokens allowed',
    'Your request exceeded model token limit: 200000 (requested: 213462)',
    'model_context_window_exceeded',
    'The input token count exceeds the maximum number of input tokens.',
    'The model returned the following errors: Input is too long for this model.',
    'invalid params, context window exceeds limit',
    'There are too many input tokens.',
    'The prompt exceeds the maximum number of tokens allowed.',
    'model_max_prompt_tokens_exceeded',
    "You passed 31745 input tokens and requested 1024 output tokens. However, the model's context length is only 32768 tokens, resulting in a maximum input length of 31744 tokens. Please reduce the length of the input prompt.",
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
    // Each of these is about something else by one of its words alone.
    'ThrottlingException: prompt is too long',
    'rate_limit: prompt is too long',
    'Too many requests: prompt is too long',
    'prompt is too long for what is left of the tokens per minute',
    'prompt is too long (TPM)',
    'prompt is too long, retry after 3 s',
    'prompt is too long, please wait before trying again',
    'too many tokens: max tokens must be less than or equal to 4096',
    'context window: 9 > 8, which is the maximum allowed number of output tokens',
    'string_above_max_length: prompt is too long',
    'prompt is too long: extra usage is required',
    'max_tokens=140000 cannot be greater than max_model_len=max_total_tokens=131072.',
    'max_tokens is too large: 100000. This model supports at most 16384 completion tokens, whereas you provided 100000.',
    '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window` for this model',
    'The maximum tokens you requested exceeds the model limit of 4096. Try again with a maximum tokens value that is lower than 4096.',
    'it has a maxOutputTokens value of 99999 but the supported range is from 1 (inclusive) to 8193 (exclusive)',
    'requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 1000',
    'The prompt exceeds the maximum length of 1000 characters',
    'stop: must have less than 5 elements',
  ])('%s', (text) => {
    expect(isContextLength(text)).toBe(false)
  })
})

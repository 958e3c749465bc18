import { expect, test } from 'vitest'
import { isContextLength } from './context-length.ts'
import { tokenNumbers, type TokenNumbers } from './token-numbers.ts'

test.each<[string, TokenNumbers]>([
  [
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens. Please reduce the length of the messages.",
    { limit: 4097, requested: 6988 },
  ],
  [
    "This model's maximum context length is 65536 tokens. However, you requested 70214 tokens (62022 in the messages, 8192 in the completion).",
    { limit: 65_536, requested: 70_214 },
  ],
  [
    "This model's maximum context length is 4097 tokens, however you requested 4116 tokens (1044 in your prompt; 3072 for the completion).",
    { limit: 4097, requested: 4116 },
  ],
  [
    "This endpoint's maximum context length is 16384 tokens. However, you requested about 26265 tokens (26255 of text input, 10 in the output).",
    { limit: 16_384, requested: 26_265 },
  ],
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192 tokens and your request has 300 input tokens",
    { limit: 8192, requested: 300 },
  ],
  ['prompt is too long: 213462 tokens > 200000 maximum', { limit: 200_000, requested: 213_462 }],
  [
    'input length and `max_tokens` exceed context limit: 189136 + 20000 > 204648, decrease input length',
    { limit: 204_648, requested: 209_136 },
  ],
  [
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    { limit: 131_072, requested: 537_812 },
  ],
  [
    'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    { limit: 1_048_575, requested: 1_196_265 },
  ],
  [
    'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    { limit: 32_768, requested: 40_046 },
  ],
  [
    'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt.',
    { limit: 4081, requested: 4292 },
  ],
  [
    'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
    { limit: 8192, requested: 13_392 },
  ],
  [
    'The prompt (total length 5000) is too long to fit into the model (context length 4096).',
    { limit: 4096, requested: 5000 },
  ],
  [
    'However, the model is loaded with context length of only 4096 tokens, which is not enough',
    { limit: 4096 },
  ],
  ['Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.', { limit: 4096 }],
  [
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`',
    { limit: 4096, requested: 4200 },
  ],
  ['Range of input length should be [1, 30720]', { limit: 30_720 }],
  ["This model's maximum context length is 1,048,576 tokens.", { limit: 1_048_576 }],
])('%s', (text, numbers) => {
  expect(tokenNumbers(text)).toEqual(numbers)
  expect(isContextLength(text)).toBe(true)
})

test.each([
  '',
  'Your input exceeds the context window of this model.',
  'Please reduce the length of the messages or completion.',
  'too many tokens: size limit exceeded by 11326 tokens.',
  'context_length_exceeded',
  `maximum context length is ${'9'.repeat(40)} tokens`,
])('no number in: %s', (text) => {
  expect(tokenNumbers(text)).toBeUndefined()
})

test('a long text takes no time', () => {
  const text = `request (1 tokens) exceeds ${'('.repeat(50_000)} contains 1 tokens ${'with '.repeat(20_000)}`
  const begun = performance.now()
  expect(tokenNumbers(text)).toBeUndefined()
  expect(performance.now() - begun).toBeLessThan(500)
})

import { expect, test } from 'vitest'
import { isContextLength } from './context-length.ts'
import { tokenNumbers, type TokenNumbers } from './token-numbers.ts'

test.each<[string, TokenNumbers]>([
  [
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens. Please reduce the length of the messages.",
    { limit: 4097, requested: 6988, input: 6988 },
  ],
  [
    "This model's maximum context length is 65536 tokens. However, you requested 70214 tokens (62022 in the messages, 8192 in the completion).",
    { limit: 65_536, requested: 70_214, input: 62_022, output: 8192 },
  ],
  [
    "This model's maximum context length is 4097 tokens, however you requested 4116 tokens (1044 in your prompt; 3072 for the completion).",
    { limit: 4097, requested: 4116, input: 1044, output: 3072 },
  ],
  [
    "This endpoint's maximum context length is 16384 tokens. However, you requested about 26265 tokens (26255 of text input, 10 in the output).",
    { limit: 16_384, requested: 26_265, input: 26_255, output: 10 },
  ],
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192 tokens and your request has 300 input tokens",
    { limit: 8192, requested: 9300, input: 300, output: 9000 },
  ],
  [
    'prompt is too long: 213462 tokens > 200000 maximum',
    { limit: 200_000, requested: 213_462, input: 213_462 },
  ],
  [
    'input length and `max_tokens` exceed context limit: 189136 + 20000 > 204648, decrease input length',
    { limit: 204_648, requested: 209_136, input: 189_136, output: 20_000 },
  ],
  [
    "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    { limit: 131_072, requested: 537_812, input: 537_812 },
  ],
  [
    'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
    { limit: 1_048_575, requested: 1_196_265, input: 1_196_265 },
  ],
  [
    'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    { limit: 32_768, requested: 40_046, input: 40_046 },
  ],
  [
    'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt.',
    { limit: 4081, requested: 4292, input: 4292 },
  ],
  [
    'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
    { limit: 8192, requested: 13_392, input: 13_392 },
  ],
  [
    'The prompt (total length 5000) is too long to fit into the model (context length 4096).',
    { limit: 4096, requested: 5000, input: 5000 },
  ],
  [
    'However, the model is loaded with context length of only 4096 tokens, which is not enough',
    { limit: 4096 },
  ],
  ['Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.', { limit: 4096 }],
  [
    'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 4000 `inputs` tokens and 200 `max_new_tokens`',
    { limit: 4096, requested: 4200, input: 4000, output: 200 },
  ],
  ['Range of input length should be [1, 30720]', { limit: 30_720 }],
  ["This model's maximum context length is 1,048,576 tokens.", { limit: 1_048_576 }],
  [
    "This model's maximum context length is 8192 tokens. However, your messages resulted in 9001 tokens (8900 in the messages, 101 in the functions).",
    { limit: 8192, requested: 9001, input: 9001 },
  ],
  [
    "This model's maximum context length is 8192 tokens. However, you requested 8500 tokens (7000 in the messages, 500 in the functions, and 1000 in the completion).",
    { limit: 8192, requested: 8500, input: 7500, output: 1000 },
  ],
  [
    "This endpoint's maximum context length is 8192 tokens. However, you requested about 9,212 tokens (7,000 of text input, 212 of tool input, 2,000 in the output).",
    { limit: 8192, requested: 9212, input: 7212, output: 2000 },
  ],
  [
    "This model's maximum context length is 8192 tokens, however you requested 9000 tokens (9000 in your prompt; 0 for the completion).",
    { limit: 8192, requested: 9000, input: 9000, output: 0 },
  ],
  [
    "This model's maximum context length is 8192 tokens, however you requested 9000 tokens.",
    { limit: 8192, requested: 9000 },
  ],
  [
    "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.",
    { limit: 4096, requested: 5000, input: 5000 },
  ],
  [
    "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 1024 input tokens (5000 > 4096 - 1024).",
    { limit: 4096, requested: 6024, input: 1024, output: 5000 },
  ],
  [
    "Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 1000 tokens from the input messages and 4000 tokens for the completion.",
    { limit: 4096, requested: 5000, input: 1000, output: 4000 },
  ],
  [
    "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens.",
    { limit: 128_000, output: 65_535 },
  ],
  [
    "You passed 31745 input tokens and requested 1024 output tokens. However, the model's context length is only 32768 tokens, resulting in a maximum input length of 31744 tokens. Please reduce the length of the input prompt.",
    { limit: 32_768, output: 1024 },
  ],
  [
    'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 403437 tokens. Please reduce the length of the messages.',
    { limit: 272_000, requested: 403_437, input: 403_437 },
  ],
  [
    "The input (277702 tokens) is longer than the model's context length (262144 tokens).",
    { limit: 262_144, requested: 277_702, input: 277_702 },
  ],
  [
    "Input length (265330) exceeds model's maximum context length (262144).",
    { limit: 262_144, requested: 265_330, input: 265_330 },
  ],
  [
    'prompt token count of 265330 exceeds the limit of 262144',
    { limit: 262_144, requested: 265_330, input: 265_330 },
  ],
  [
    'The prompt is too long: 143131, model maximum context length: 131071',
    { limit: 131_071, requested: 143_131, input: 143_131 },
  ],
  [
    'prompt has 9000 tokens, but the configured context size is 8192 tokens',
    { limit: 8192, requested: 9000, input: 9000 },
  ],
  [
    'Please reduce the length of the messages or completion. Current length is 42328 while limit is 40000',
    { limit: 40_000, requested: 42_328 },
  ],
  [
    'Your request exceeded model token limit: 200000 (requested: 213462)',
    { limit: 200_000, requested: 213_462 },
  ],
  [
    'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000',
    { limit: 4095, requested: 5000, input: 5000 },
  ],
  ['The input exceeds the maximum allowed input length of 131072 tokens', { limit: 131_072 }],
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

test.each([
  [
    'openings',
    `request (1 tokens) exceeds ${'('.repeat(50_000)} contains 1 tokens ${'with '.repeat(20_000)}`,
  ],
  ['digits', `${'1'.repeat(60_000)} is too large`],
  ['sums', '1 + '.repeat(20_000)],
  ['answers', `requested ${'1 output tokens '.repeat(5000)}`],
])('a long text takes no time: %s', (_, text) => {
  const begun = performance.now()
  expect(tokenNumbers(text)).toBeUndefined()
  expect(performance.now() - begun).toBeLessThan(500)
})

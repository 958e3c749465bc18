import type { Refusal } from './refusing-front.ts'
import { shapes } from './vendor-shapes.ts'

/** A refusal because of the length of the prompt. */
export type TooLong = readonly [provider: string, what: string, refusal: Refusal]

const {
  openai,
  numbered,
  anthropic,
  grok,
  blackbox,
  openrouter,
  cohere,
  gemini,
  mistral,
  bedrock,
  flat,
  text,
} = shapes

const chat =
  "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens. Please reduce the length of the messages."
const newer = 'Your input exceeds the context window of this model. Please adjust your input and try again.'
const endpoint =
  'This endpoint\'s maximum context length is 16384 tokens. However, you requested about 26265 tokens (26255 of text input, 10 in the output). Please reduce the length of either one, or use the "middle-out" transform to compress your prompt automatically.'
const ranOver = 'prompt is too long: 213462 tokens > 200000 maximum'

/** What vendors say of a prompt that is too long, each in its own shape. */
export const tooLong: readonly TooLong[] = [
  ['openai', 'text and code', openai(400, chat, 'context_length_exceeded')],
  ['openai', 'the code, in other words', openai(400, 'x', 'context_length_exceeded')],
  ['openai', 'newer words', openai(400, newer)],
  [
    'openai',
    'the newest',
    openai(
      400,
      'Input tokens exceed the configured limit of 272000 tokens. Your messages resulted in 403437 tokens. Please reduce the length of the messages.',
      'context_length_exceeded',
    ),
  ],
  ['azure_openai', 'text and code', openai(400, chat, 'context_length_exceeded')],
  ['azure_openai', 'newer words', openai(400, newer)],
  ['anthropic', 'the prompt', anthropic(400, 'invalid_request_error', ranOver)],
  [
    'anthropic',
    'prompt and answer together, nothing left of the answer',
    anthropic(400, 'invalid_request_error', together(204_640, 20_000, 204_648)),
  ],
  ['anthropic', 'the body', anthropic(413, 'request_too_large', 'Request exceeds the maximum size')],
  ['perplexity', 'as others say it', numbered(400, chat, { type: 'bad_request' })],
  [
    'grok',
    'a phrase as the code',
    grok(
      400,
      'Client specified an invalid argument',
      "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    ),
  ],
  ['blackbox', 'another vendor’s text', blackbox(400, `litellm.ContextWindowExceededError: ${chat}`)],
  ['blackbox', 'inside an answer', blackbox(200, `litellm.BadRequestError: ${ranOver}`)],
  ['openrouter', 'its own text', openrouter(400, endpoint)],
  [
    'openrouter',
    'the model’s own vendor, as a text',
    openrouter(400, 'Provider returned error', {
      provider_name: 'Other',
      raw: JSON.stringify({ error: { message: ranOver } }),
    }),
  ],
  [
    'openrouter',
    'a typed word',
    openrouter(400, 'Provider returned error', { error_type: 'context_length_exceeded' }),
  ],
  ['openrouter', 'inside an answer', openrouter(200, endpoint)],
  [
    'cohere',
    'a flat text',
    cohere(
      400,
      'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292. Try using a shorter prompt, or enable prompt truncating.',
    ),
  ],
  ['cohere', 'without a limit', cohere(422, 'too many tokens: size limit exceeded by 11326 tokens.')],
  [
    'gemini',
    'a word and a text',
    gemini(
      400,
      'The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).',
      'INVALID_ARGUMENT',
    ),
  ],
  [
    'mistral',
    'flat, and the number of the error',
    mistral(
      400,
      'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    ),
  ],
  ['groq', 'a short text', openai(400, 'Please reduce the length of the messages or completion.')],
  [
    'groq',
    'text and code',
    openai(400, 'Please reduce the length of the messages or completion.', 'context_length_exceeded'),
  ],
  ['deepseek', 'type and code swapped', openai(400, chat, 'invalid_request_error')],
  ['ollama', 'a text alone', text(400, 'prompt too long; exceeded max context length by 13462 tokens')],
  ['bedrock', 'in general', bedrock(400, 'ValidationException', 'Input is too long for requested model.')],
  [
    'bedrock',
    'the model’s own text',
    bedrock(400, 'ValidationException', `The model returned the following errors: ${ranOver}`),
  ],
  ['own_server', 'flat', flat(400, chat)],
  [
    'own_server',
    'the tokens of the prompt',
    numbered(
      400,
      "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens. Please reduce the length of the input messages.",
    ),
  ],
  [
    'own_server',
    'counted up to the limit',
    numbered(
      400,
      "You passed 8193 input tokens and requested 0 output tokens. However, the model's context length is only 8192 tokens, resulting in a maximum input length of 8192 tokens. Please reduce the length of the input prompt. (parameter=input_tokens, value=8193)",
      { type: 'BadRequestError' },
    ),
  ],
  [
    'own_server',
    'longer than the context',
    flat(400, "The input (277702 tokens) is longer than the model's context length (262144 tokens)."),
  ],
  [
    'own_server',
    'counts beside the text',
    numbered(
      400,
      'request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it',
      {
        type: 'exceed_context_size_error',
        n_prompt_tokens: 13_392,
        n_ctx: 8192,
      },
    ),
  ],
  [
    'own_server',
    'a text alone, as a failure of the server',
    text(
      500,
      'Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough. Try to load the model with a larger context length',
    ),
  ],
  [
    'own_server',
    'a validation',
    text(422, 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.', {
      error_type: 'validation',
    }),
  ],
  [
    'own_server',
    'a validation of the prompt',
    text(422, 'Input validation error: `inputs` must have less than 4095 tokens. Given: 5000', {
      error_type: 'validation',
    }),
  ],
  ['own_server', 'a filter’s status inside an answer', openai(200, chat, null, 'server_error')],
]

/** The same of an answer of 5000 tokens that would not fit beside its prompt, which alone does, and what there is room for. */
export const answerTooLong: readonly (readonly [...TooLong, room: number])[] = [
  ['openai', 'all three numbers', openai(400, answer(4097, 97, 5000)), 4000],
  ['azure_openai', 'all three numbers', openai(400, answer(4097, 3000, 5000)), 1097],
  ['anthropic', 'a sum', anthropic(400, 'invalid_request_error', together(189_136, 5000, 191_136)), 2000],
  ['deepseek', 'all three numbers', openai(400, answer(65_536, 62_022, 5000), 'invalid_request_error'), 3514],
  [
    'openrouter',
    'an estimate',
    openrouter(
      400,
      "This endpoint's maximum context length is 16384 tokens. However, you requested about 20000 tokens (14000 of text input, 1000 of tool input, 5000 in the output).",
    ),
    1384,
  ],
  [
    'own_server',
    'the limit, and what the prompt has',
    flat(
      400,
      "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 1024 input tokens (5000 > 4096 - 1024).",
    ),
    3072,
  ],
  [
    'own_server',
    'a validation',
    text(
      422,
      'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1000 `inputs` tokens and 5000 `max_new_tokens`',
      { error_type: 'validation' },
    ),
    3096,
  ],
]

/** What only `error_keywords: [custom_error, reduce your message size]` calls too long. */
export const byKeyword: readonly TooLong[] = [
  ['openai', 'an unknown text', openai(400, 'Custom_Error: no')],
  ['openai', 'an unknown code', openai(400, 'no', 'custom_error')],
  [
    'openai',
    'a text that is known to mean something else',
    openai(400, 'custom_error: rate limit of length'),
  ],
  ['anthropic', 'an unknown text', anthropic(400, 'invalid_request_error', 'custom_error')],
  ['gemini', 'a failure of the server', gemini(500, 'custom_error', 'INTERNAL')],
  ['cohere', 'a validation', cohere(422, 'custom_error')],
  ['bedrock', 'a validation', bedrock(400, 'ValidationException', 'custom_error')],
  ['blackbox', 'inside an answer', blackbox(200, 'custom_error')],
  ['own_server', 'no JSON at all', { status: 500, body: 'custom_error' }],
  [
    'groq',
    'a request above the whole limit per minute',
    openai(
      413,
      'Request too large for model `m` in organization `org_1` service tier `on_demand` on tokens per minute (TPM): Limit 6000, Requested 7000, please reduce your message size and try again.',
      'rate_limit_exceeded',
      'tokens',
    ),
  ],
]

function answer(limit: number, input: number, output: number): string {
  return `This model's maximum context length is ${limit} tokens. However, you requested ${input + output} tokens (${input} in the messages, ${output} in the completion). Please reduce the length of the messages or completion.`
}

function together(input: number, output: number, limit: number): string {
  return `input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${limit}, decrease input length or \`max_tokens\` and try again`
}

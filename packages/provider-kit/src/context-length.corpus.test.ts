import { describe, expect, test } from 'vitest'
import type { FailedResponse } from './contract.ts'
import { openaiFault } from './openai-fault.ts'

/** An answer as it comes over the wire. Status 200: an error inside an answer or a stream. */
function answer(status: number, body: unknown): FailedResponse {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return {
    status,
    headers: {},
    text,
    body: typeof body === 'string' ? undefined : body,
    inBand: status === 200,
  }
}

/** The usual envelope. */
const error = (message: string, members: object = {}): object => ({ error: { message, ...members } })
const invalid = { type: 'invalid_request_error', param: null, code: null }
const chat =
  "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens. Please reduce the length of the messages."
const legacy =
  "This model's maximum context length is 4097 tokens, however you requested 4116 tokens (1044 in your prompt; 3072 for the completion). Please reduce your prompt; or completion length."
const endpoint =
  "This endpoint's maximum context length is 16384 tokens. However, you requested about 26265 tokens (26255 of text input, 10 in the output). Please reduce the length of either one."
const ranOver = 'prompt is too long: 213462 tokens > 200000 maximum'

describe('a prompt that does not fit is context_length', () => {
  test.each<[shape: string, status: number, body: unknown]>([
    [
      'text and machine code',
      400,
      error(chat, { ...invalid, param: 'messages', code: 'context_length_exceeded' }),
    ],
    [
      'a code alone, the text in newer words',
      400,
      error('x', { ...invalid, code: 'context_length_exceeded' }),
    ],
    [
      'newer words',
      400,
      error('Your input exceeds the context window of this model. Please adjust it.', invalid),
    ],
    ['legacy completions, neither code nor param', 400, error(legacy, invalid)],
    ['embeddings', 400, error(chat.replace('your messages resulted in', 'you requested'), invalid)],
    [
      'type and code swapped',
      400,
      error(chat, { type: 'invalid_request_error', code: 'invalid_request_error' }),
    ],
    ['a type that says "bad request"', 400, error(chat, { type: 'BadRequestError', param: null, code: 400 })],
    [
      'the code is the status, metadata beside it',
      400,
      error(endpoint, { code: 400, metadata: { provider_name: null } }),
    ],
    [
      'a typed vocabulary in the metadata',
      400,
      error('Provider returned error', { code: 400, metadata: { error_type: 'context_length_exceeded' } }),
    ],
    [
      'another word of that vocabulary',
      400,
      error('Provider returned error', { code: 400, metadata: { error_type: 'token_limit_exceeded' } }),
    ],
    [
      'the upstream’s own body as a text in the metadata',
      400,
      error('Provider returned error', { code: 400, metadata: { raw: JSON.stringify(error(ranOver)) } }),
    ],
    [
      'a named error around it',
      400,
      { type: 'error', error: { type: 'invalid_request_error', message: ranOver } },
    ],
    [
      'input and answer together',
      400,
      {
        type: 'error',
        error: {
          type: 'invalid_request_error',
          message:
            'input length and `max_tokens` exceed context limit: 189136 + 20000 > 204648, decrease input length or `max_tokens` and try again',
        },
      },
    ],
    [
      'a body that is too large, by type',
      413,
      { type: 'error', error: { type: 'request_too_large', message: 'x' } },
    ],
    ['a body that is too large, by text', 413, error('Request exceeds the maximum size')],
    [
      'a phrase as the code, a text as the error',
      400,
      {
        code: 'Client specified an invalid argument',
        error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
      },
    ],
    [
      'a flat message',
      400,
      {
        id: '1',
        message: 'too many tokens: total number of tokens in the prompt cannot exceed 4081 - received 4292.',
      },
    ],
    [
      'a flat message without numbers',
      422,
      { message: 'too many tokens: size limit exceeded by 11326 tokens.' },
    ],
    [
      'a status word and details',
      400,
      error('The input token count (1196265) exceeds the maximum number of tokens allowed (1048575).', {
        code: 400,
        status: 'INVALID_ARGUMENT',
      }),
    ],
    [
      'the same in an array',
      400,
      [error('The input token count (9) exceeds the maximum number of tokens allowed (8).', { code: 400 })],
    ],
    [
      'a flat error object',
      400,
      {
        object: 'error',
        message:
          'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
        ...invalid,
      },
    ],
    [
      'a flat error object with a number as the code',
      400,
      { object: 'error', message: 'too large for model with 32768 maximum context length', code: '3051' },
    ],
    ['a short text', 400, error('Please reduce the length of the messages or completion.', invalid)],
    [
      'a type of its own, and counts beside the text',
      400,
      error('request (13392 tokens) exceeds the available context size (8192 tokens), try increasing it', {
        code: 400,
        type: 'exceed_context_size_error',
        n_ctx: 8192,
      }),
    ],
    ['a type of its own alone', 400, error('x', { type: 'exceed_context_size_error' })],
    [
      'an error that is a text, status 500',
      500,
      { error: 'However, the model is loaded with context length of only 4096 tokens, which is not enough' },
    ],
    ['an error that is a text', 400, { error: 'the input length exceeds the context length' }],
    [
      'a text and its type',
      422,
      {
        error: 'Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096.',
        error_type: 'validation',
      },
    ],
    ['a message alone', 400, { message: 'Input is too long for requested model.' }],
    [
      'a message alone that quotes another',
      400,
      { message: `The model returned the following errors: ${ranOver}` },
    ],
    [
      'an exception’s name in front',
      400,
      error('XError.ContextWindowExceededError: too big', { code: '400' }),
    ],
    ['JSON behind a prefix', 400, error(`Error code: 400 - ${JSON.stringify(error(chat))}`)],
    [
      'problems of validation',
      422,
      { detail: [{ loc: ['body', 'messages'], msg: chat, type: 'value_error' }] },
    ],
    [
      'a detail that is a text',
      400,
      { detail: 'Prompt is too long to fit into the model: maximum context length is 8' },
    ],
    ['no JSON at all', 400, `XError: ${legacy}`],
    [
      'the answer’s limit beside the prompt’s size',
      400,
      error(
        "'max_tokens' or 'max_completion_tokens' is too large: 9000. This model's maximum context length is 8192 tokens and your request has 300 input tokens",
        { type: 'BadRequestError', code: 400 },
      ),
    ],
    [
      'the allowed range',
      400,
      error('Range of input length should be [1, 30720]', { code: 'InvalidParameter' }),
    ],
    ['inside an answer, by code', 200, error('x', { ...invalid, code: 'context_length_exceeded' })],
    ['inside an answer, by text, called a failure of the server', 200, error(chat, { type: 'server_error' })],
    ['inside an answer, a number as the code', 200, error(endpoint, { code: 400 })],
    [
      'inside a stream, a named error',
      200,
      { type: 'error', error: { type: 'api_error', message: ranOver } },
    ],
  ])('%s (%i)', (_, status, body) => {
    expect(openaiFault(answer(status, body))).toMatchObject({ kind: 'context_length' })
  })
})

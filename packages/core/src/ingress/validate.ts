import type { OperationName } from '@llmproxy/provider-kit'
import { invalidRequest } from '../errors.ts'
import {
  booleanOrNull,
  type Check,
  checkMembers,
  integerOrNull,
  isRecord,
  listOrNull,
  nonEmptyString,
  numberOrNull,
  objectOrNull,
  oneOf,
  positiveOrNull,
  type Shape,
  string,
  stringOrNull,
  wrong,
} from './validate-check.ts'
import { messages, tool } from './validate-message.ts'

const LONGEST_MODEL = 256

const model: Check = (value, path) => {
  if (typeof value !== 'string' || value.trim() === '')
    wrong(path, 'the id of a model, a non-empty string', value)
  if (value.length > LONGEST_MODEL) {
    throw invalidRequest(
      `${path} must be at most ${LONGEST_MODEL} characters, found ${value.length}`,
      path,
      'invalid_value',
    )
  }
}

const streamOptions: Check = (value, path) => {
  if (value === null) return
  if (!isRecord(value)) wrong(path, 'an object or null', value)
  if (value['include_usage'] !== undefined) booleanOrNull(value['include_usage'], `${path}.include_usage`)
}

const stop: Check = (value, path) => {
  if (value === null || typeof value === 'string') return
  if (!Array.isArray(value)) wrong(path, 'a string, an array of strings or null', value)
  value.forEach((item: unknown, index) => string(item, `${path}[${index}]`))
}

const toolChoice: Check = (value, path) => {
  if (value !== null && typeof value !== 'string' && !isRecord(value))
    wrong(path, 'a string, an object or null', value)
}

const responseFormat: Check = (value, path) => {
  if (value === null) return
  if (!isRecord(value)) wrong(path, 'an object with a type, or null', value)
  nonEmptyString(value['type'], `${path}.type`)
}

const textOrTokens = 'a string, a non-empty array of strings, or token ids'

/** `prompt` and `input`: a string, strings, token ids, or lists of token ids; not a mixture. */
const textInput: Check = (value, path) => {
  if (typeof value === 'string') return
  if (!Array.isArray(value) || value.length === 0) wrong(path, textOrTokens, value)
  const list: readonly unknown[] = value
  const kind = typeof list[0]
  for (let index = 0; index < list.length; index++) {
    const item = list[index]
    if (typeof item !== kind) wrong(`${path}[${index}]`, `a ${kind} like the elements before it`, item)
    if (kind === 'string') continue
    if (kind === 'number') token(item, path, index)
    else if (kind === 'object') tokens(item, `${path}[${index}]`)
    else wrong(`${path}[${index}]`, 'a string or token ids', item)
  }
}

function tokens(value: unknown, path: string): void {
  if (!Array.isArray(value) || value.length === 0)
    wrong(path, 'a string or a non-empty array of token ids', value)
  for (let index = 0; index < value.length; index++) token(value[index], path, index)
}

function token(value: unknown, path: string, index: number): void {
  if (!Number.isInteger(value) || (value as number) < 0)
    wrong(`${path}[${index}]`, 'a token id, an integer from 0', value)
}

const sampling: Shape = [
  ['stream', booleanOrNull],
  ['stream_options', streamOptions],
  ['max_tokens', integerOrNull],
  ['temperature', numberOrNull],
  ['top_p', numberOrNull],
  ['n', positiveOrNull],
  ['stop', stop],
  ['seed', integerOrNull],
  ['frequency_penalty', numberOrNull],
  ['presence_penalty', numberOrNull],
  ['logit_bias', objectOrNull],
  ['user', stringOrNull],
]

const record: Check = (value, path) => {
  if (!isRecord(value)) wrong(path, 'an object', value)
}

const records: Check = (value, path) => {
  if (!Array.isArray(value) || value.length === 0) wrong(path, 'a non-empty array of messages', value)
  value.forEach((item: unknown, index) => {
    record(item, `${path}[${index}]`)
    nonEmptyString((item as { role?: unknown }).role, `${path}[${index}].role`)
  })
}

/** The member that an operation cannot do without, and the members that are checked when they are there. */
interface BodyRules {
  readonly required: string
  readonly check: Check
  readonly shape: Shape
}

const rules: Readonly<Record<OperationName, BodyRules>> = {
  chat: {
    required: 'messages',
    check: messages,
    shape: [
      ...sampling,
      ['max_completion_tokens', integerOrNull],
      ['tools', listOrNull(tool, 'an array of tools or null')],
      ['tool_choice', toolChoice],
      ['parallel_tool_calls', booleanOrNull],
      ['response_format', responseFormat],
      ['reasoning_effort', stringOrNull],
      ['logprobs', booleanOrNull],
      ['top_logprobs', integerOrNull],
      ['metadata', objectOrNull],
      ['service_tier', stringOrNull],
    ],
  },
  completions: {
    required: 'prompt',
    check: textInput,
    shape: [
      ...sampling,
      ['suffix', stringOrNull],
      ['echo', booleanOrNull],
      ['best_of', positiveOrNull],
      ['logprobs', integerOrNull],
    ],
  },
  embeddings: {
    required: 'input',
    check: textInput,
    shape: [
      ['stream', booleanOrNull],
      ['dimensions', positiveOrNull],
      ['encoding_format', oneOf('float', 'base64')],
      ['user', stringOrNull],
    ],
  },
  images: {
    required: 'prompt',
    check: nonEmptyString,
    shape: [
      ['stream', booleanOrNull],
      ['n', positiveOrNull],
      ['size', stringOrNull],
      ['response_format', oneOf('url', 'b64_json')],
      ['user', stringOrNull],
    ],
  },
  videos: { required: 'prompt', check: nonEmptyString, shape: [['stream', booleanOrNull]] },
  // Relayed as bytes to upstreams of the same dialect, which know it better: only what routing reads is checked.
  messages: {
    required: 'messages',
    check: records,
    shape: [
      ['stream', booleanOrNull],
      ['max_tokens', integerOrNull],
      ['tools', listOrNull(record, 'an array of tools or null')],
    ],
  },
}

/** The shapes that people send to the wrong endpoint, by the member that gives them away. */
const mistaken: Partial<Record<OperationName, Readonly<Record<string, string>>>> = {
  chat: {
    input:
      '`input` instead of `messages` is the Responses shape; this endpoint takes chat completions: send `messages`',
    prompt:
      '`prompt` instead of `messages` is the completions shape: send `messages`, or use /v1/completions',
  },
  completions: {
    messages: '`messages` instead of `prompt` is the chat shape: send `prompt`, or use /v1/chat/completions',
  },
}

/**
 * Checks the members that the gateway and its translations read. Throws a `GatewayError` 400 whose `param` is the JSON
 * path and whose message says what was expected and what was found, never the value of a text.
 */
export function validateBody(operation: OperationName, body: Readonly<Record<string, unknown>>): void {
  const { required, check, shape } = rules[operation]
  model(body['model'], 'model')
  if (body[required] === undefined) refuseMistaken(operation, body, required)
  check(body[required], required)
  checkMembers(body, shape, '')
  if (body['stream_options'] !== undefined && body['stream_options'] !== null && body['stream'] !== true) {
    const message = 'stream_options is only allowed together with "stream": true'
    throw invalidRequest(message, 'stream_options', 'invalid_value')
  }
}

function refuseMistaken(
  operation: OperationName,
  body: Readonly<Record<string, unknown>>,
  required: string,
): void {
  for (const [member, message] of Object.entries(mistaken[operation] ?? {})) {
    if (body[member] !== undefined)
      throw invalidRequest(`${required} is missing: ${message}`, required, 'wrong_endpoint')
  }
}

import { finishReasons } from '@llmproxy/provider-kit'
import {
  anything,
  count,
  every,
  isObject,
  list,
  nullable,
  number,
  oneOf,
  optional,
  type Rule,
  shape,
  text,
  word,
} from './wire-rules.ts'

const finishReason = nullable(oneOf(...finishReasons))

const usage = every(
  shape({
    prompt_tokens: count,
    completion_tokens: count,
    total_tokens: count,
    prompt_tokens_details: optional(nullable(shape({ cached_tokens: optional(nullable(count)) }))),
    completion_tokens_details: optional(nullable(shape({ reasoning_tokens: optional(nullable(count)) }))),
  }),
  (value, path, report) => {
    if (!isObject(value)) return
    const details = isObject(value['prompt_tokens_details']) ? value['prompt_tokens_details'] : {}
    if (Number(details['cached_tokens'] ?? 0) > Number(value['prompt_tokens'])) {
      report(`${path}: prompt_tokens must include cached_tokens`)
    }
  },
)

const toolCall: Rule = (value, path, report) => {
  shape({ id: word, type: word })(value, path, report)
  if (isObject(value) && value['type'] === 'function') {
    shape({ function: shape({ name: word, arguments: text }) })(value, path, report)
  }
}

const toolCallDelta = shape({
  index: count,
  id: optional(word),
  type: optional(word),
  function: optional(shape({ name: optional(text), arguments: optional(text) })),
})

function head(object: string): Readonly<Record<string, Rule>> {
  return { id: word, object: oneOf(object), created: count, model: word, usage: optional(nullable(usage)) }
}

const message = every(
  shape({
    role: oneOf('assistant'),
    content: nullable(text),
    refusal: optional(nullable(text)),
    reasoning_content: optional(nullable(text)),
    tool_calls: optional(list(toolCall, 1)),
  }),
  (value, path, report) => {
    if (!isObject(value) || value['content'] !== null) return
    const others = ['refusal', 'tool_calls', 'function_call', 'audio']
    if (others.every((name) => value[name] === undefined || value[name] === null)) {
      report(`${path}.content: null, and there is no refusal, tool call or audio either`)
    }
  },
)

const delta = shape({
  role: optional(oneOf('assistant')),
  content: optional(nullable(text)),
  refusal: optional(nullable(text)),
  reasoning_content: optional(nullable(text)),
  tool_calls: optional(list(toolCallDelta)),
})

const finished = every(finishReason, (value, path, report) => {
  if (value === null) report(`${path}: a whole answer must say why it ended`)
})

const textChoice = { index: count, text, logprobs: optional(anything) }

const wireRules = {
  chat: shape({
    ...head('chat.completion'),
    choices: list(shape({ index: count, message, finish_reason: finished }), 1),
  }),
  'chat.chunk': shape({
    ...head('chat.completion.chunk'),
    choices: list(shape({ index: count, delta, finish_reason: finishReason })),
  }),
  completions: shape({
    ...head('text_completion'),
    choices: list(shape({ ...textChoice, finish_reason: finished }), 1),
  }),
  'completions.chunk': shape({
    ...head('text_completion'),
    choices: list(shape({ ...textChoice, finish_reason: finishReason })),
  }),
  embeddings: shape({
    object: oneOf('list'),
    model: word,
    data: list(shape({ object: oneOf('embedding'), index: count, embedding: embedding() }), 1),
    usage: optional(shape({ prompt_tokens: count, total_tokens: count })),
  }),
  images: shape({ created: count, data: list(picture(), 1) }),
  videos: shape({ created: optional(count), data: optional(list(shape({ url: optional(word) }))) }),
  messages: shape({ content: list(anything) }),
  error: shape({
    error: shape({ message: word, type: word, param: nullable(text), code: nullable(text) }),
  }),
} satisfies Record<string, Rule>

function embedding(): Rule {
  return (value, path, report) =>
    typeof value === 'string' ? word(value, path, report) : list(number, 1)(value, path, report)
}

function picture(): Rule {
  return every(shape({ url: optional(word), b64_json: optional(word) }), (value, path, report) => {
    if (isObject(value) && value['url'] === undefined && value['b64_json'] === undefined) {
      report(`${path}: neither url nor b64_json`)
    }
  })
}

/** The OpenAI shapes that `wireProblems()` knows: the answer of each operation, its chunk, and the error envelope. */
export type WireShape = keyof typeof wireRules

/**
 * What an OpenAI client would stumble over in `value`; empty when it is fine. Each problem starts with the path.
 * Unknown members are fine. Finish reasons must be those that leave the gateway.
 */
export function wireProblems(name: WireShape, value: unknown): string[] {
  const problems: string[] = []
  wireRules[name](value, '$', (problem) => problems.push(problem))
  return problems
}

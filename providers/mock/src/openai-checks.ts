import { type Check, checkMembers, firstOf, isNamed, type Member, nameOf } from './checks.ts'
import { badRequest, type MockError } from './errors.ts'
import { isObject, type JsonObject } from './schema-instance.ts'

const sampling: readonly Member[] = [
  { name: 'stream', type: 'boolean' },
  { name: 'stream_options', type: 'object' },
  { name: 'temperature', type: 'number', least: 0, most: 2 },
  { name: 'top_p', type: 'number', least: 0, most: 1 },
  { name: 'n', type: 'integer', least: 1, most: 128 },
  { name: 'max_tokens', type: 'integer', least: 1 },
  { name: 'frequency_penalty', type: 'number', least: -2, most: 2 },
  { name: 'presence_penalty', type: 'number', least: -2, most: 2 },
]

const streamOptions: Check = (body) =>
  isObject(body.stream_options) && body.stream !== true
    ? badRequest("'stream_options' needs 'stream': true.", 'stream_options')
    : undefined

/** Chat completions. */
export const checkChat: Check = firstOf(
  checkMembers([
    { name: 'messages', type: 'array', required: true, least: 1 },
    { name: 'max_completion_tokens', type: 'integer', least: 1 },
    { name: 'tools', type: 'array', least: 1, most: 128 },
    { name: 'response_format', type: 'object' },
    ...sampling,
  ]),
  streamOptions,
  checkTools,
  checkMessages,
)

/** Legacy completions. */
export const checkCompletions: Check = firstOf(checkMembers(sampling), streamOptions, checkTexts('prompt'))

/** Embeddings. */
export const checkEmbeddings: Check = firstOf(
  checkMembers([
    { name: 'dimensions', type: 'integer', least: 1, most: 8192 },
    { name: 'encoding_format', type: 'string' },
  ]),
  checkTexts('input'),
  ({ encoding_format: format }) =>
    format === undefined || format === null || format === 'float' || format === 'base64'
      ? undefined
      : badRequest(
          "Invalid value for 'encoding_format': use 'float' or 'base64'.",
          'encoding_format',
          'invalid_value',
        ),
)

/** Images and videos. */
export const checkPrompt: Check = checkMembers([
  { name: 'prompt', type: 'string', required: true },
  { name: 'n', type: 'integer', least: 1, most: 10 },
])

/** A string, strings, token ids, or arrays of token ids. */
function checkTexts(name: string): Check {
  return (body) => {
    const value = body[name]
    if (value === undefined || value === null) {
      return badRequest(`Missing required parameter: '${name}'.`, name, 'missing_required_parameter')
    }
    if (typeof value === 'string') return undefined
    const isTokens = (item: unknown) =>
      Array.isArray(item) &&
      item.length > 0 &&
      item.every((token) => Number.isInteger(token) && Number(token) >= 0)
    const items: readonly unknown[] = Array.isArray(value) ? value : []
    const fits =
      items.length > 0 && (items.every((item) => typeof item === 'string') || items.every(isTokens))
    if (fits || isTokens(value)) return undefined
    return badRequest(
      `Invalid type for '${name}': use a string, an array of strings or arrays of token ids.`,
      name,
      'invalid_value',
    )
  }
}

function checkTools(body: JsonObject): MockError | undefined {
  const tools: readonly unknown[] = Array.isArray(body.tools) ? body.tools : []
  const wrong = tools.findIndex((tool) => !isObject(tool) || typeof tool.type !== 'string' || !named(tool))
  if (wrong >= 0)
    return badRequest(
      `Invalid tool: 'tools[${wrong}]' needs a type, and a function a name.`,
      `tools[${wrong}]`,
    )
  const chosen = body.tool_choice !== undefined && body.tool_choice !== null && body.tool_choice !== 'none'
  if (chosen && tools.length === 0) return badRequest("'tool_choice' needs 'tools'.", 'tool_choice')
  return undefined
}

function named(tool: JsonObject): boolean {
  if (tool.type !== 'function') return true
  return isObject(tool.function) && isNamed(tool.function.name, /^[\w-]{1,64}$/)
}

const roles = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function'])

function checkMessages(body: JsonObject): MockError | undefined {
  let open = new Set<unknown>()
  for (const [at, message] of (body.messages as readonly unknown[]).entries()) {
    const path = `messages[${at}]`
    if (!isObject(message))
      return badRequest(`Invalid type for '${path}': expected object, found ${nameOf(message)}.`, path)
    if (!roles.has(String(message.role)))
      return badRequest(`Invalid value for '${path}.role'.`, `${path}.role`, 'invalid_value')
    const problem = checkContent(message, path) ?? checkCalls(message, path)
    if (problem) return problem
    if (message.role === 'tool') {
      if (!open.delete(message.tool_call_id)) {
        return badRequest(
          `'${path}' answers no tool call of the assistant message before it.`,
          `${path}.tool_call_id`,
        )
      }
    } else if (open.size > 0) return unanswered(open, path)
    if (message.role === 'assistant') open = callIds(message)
  }
  return open.size > 0 ? unanswered(open, 'messages') : undefined
}

function unanswered(open: ReadonlySet<unknown>, path: string): MockError {
  const ids = [...open].map(String).join(', ')
  return badRequest(
    `An assistant message with 'tool_calls' needs a tool message for each: missing ${ids}.`,
    path,
  )
}

function callIds(message: JsonObject): Set<unknown> {
  const calls: readonly unknown[] = Array.isArray(message.tool_calls) ? message.tool_calls : []
  return new Set(calls.map((call) => (isObject(call) ? call.id : undefined)))
}

function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null
}

/** A call has an id for its result, and JSON text; an empty list of calls is none. */
function checkCalls(message: JsonObject, path: string): MockError | undefined {
  const { tool_calls: calls } = message
  if (calls === undefined || calls === null) return undefined
  const param = `${path}.tool_calls`
  if (message.role !== 'assistant') return badRequest(`'${param}' is of the assistant only.`, param)
  if (!Array.isArray(calls) || calls.length === 0)
    return badRequest(`Invalid value for '${param}': use an array with at least one call.`, param)
  const wrong = calls.findIndex((call: unknown) => !isCall(call))
  return wrong < 0
    ? undefined
    : badRequest(
        `Invalid tool call: '${param}[${wrong}]' needs an id, a type, a name and arguments as text.`,
        `${param}[${wrong}]`,
      )
}

function isCall(call: unknown): boolean {
  if (!isObject(call) || !isNamed(call.id, /./)) return false
  const { type, function: named, custom } = call
  if (type === 'custom') return isObject(custom) && isNamed(custom.name, /./)
  return type === 'function' && isObject(named) && isNamed(named.name, /./) && isNamed(named.arguments, /^/)
}

function checkContent(message: JsonObject, path: string): MockError | undefined {
  const { content } = message
  const param = `${path}.content`
  const speaks = ['tool_calls', 'function_call', 'refusal', 'audio'].some((name) => isPresent(message[name]))
  const optional = message.role === 'assistant' ? speaks : message.role === 'function'
  if (content === undefined || content === null) {
    return optional
      ? undefined
      : badRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
  }
  if (typeof content === 'string') return undefined
  if (Array.isArray(content) && content.every((part) => isObject(part) && typeof part.type === 'string'))
    return undefined
  return badRequest(`Invalid type for '${param}': use a string or an array of parts.`, param)
}

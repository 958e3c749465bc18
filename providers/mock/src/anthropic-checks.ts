import { type Check, checkMembers, firstOf, isNamed, nameOf } from './checks.ts'
import { badRequest, type MockError } from './errors.ts'
import { isObject, type JsonObject } from './schema-instance.ts'

/** Members of a Messages body; the vendor refuses all others. */
const members = new Set(
  `model max_tokens messages system stop_sequences temperature top_p top_k metadata tools tool_choice stream thinking
  cache_control container mcp_servers context_management inference_geo output_config service_tier speed`.split(
    /\s+/,
  ),
)

const shape = checkMembers([
  { name: 'messages', type: 'array', required: true, least: 1 },
  { name: 'stream', type: 'boolean' },
  { name: 'temperature', type: 'number', least: 0, most: 1 },
  { name: 'top_p', type: 'number', least: 0, most: 1 },
  { name: 'stop_sequences', type: 'array' },
  { name: 'tools', type: 'array' },
  { name: 'tool_choice', type: 'object' },
])

/** `POST /v1/messages/count_tokens`. */
export const checkCountTokens: Check = firstOf(shape, checkExtra, checkTools, checkMessages)

/** `POST /v1/messages`. */
export const checkMessagesBody: Check = firstOf(
  checkMembers([{ name: 'max_tokens', type: 'integer', required: true, least: 1 }]),
  checkCountTokens,
)

function checkExtra(body: JsonObject): MockError | undefined {
  const extra = Object.keys(body).find((name) => !members.has(name))
  return extra === undefined
    ? undefined
    : badRequest(`${extra.slice(0, 60)}: Extra inputs are not permitted`, null)
}

function checkTools(body: JsonObject): MockError | undefined {
  const tools: readonly unknown[] = Array.isArray(body.tools) ? body.tools : []
  const wrong = tools.findIndex((tool) => {
    if (!isObject(tool) || !isNamed(tool.name, /^[\w-]{1,128}$/)) return true
    return tool.type === undefined && !isObject(tool.input_schema)
  })
  if (wrong >= 0) return badRequest(`tools.${wrong}: needs a name and an input_schema`, null)
  return isObject(body.tool_choice) && tools.length === 0
    ? badRequest('tool_choice: needs tools', null)
    : undefined
}

function checkMessages(body: JsonObject): MockError | undefined {
  let open: readonly unknown[] = []
  for (const [at, message] of (body.messages as readonly unknown[]).entries()) {
    const path = `messages.${at}`
    if (!isObject(message)) return badRequest(`${path}: expected an object, found ${nameOf(message)}`, null)
    if (message.role !== 'user' && message.role !== 'assistant') {
      return badRequest(`${path}.role: must be "user" or "assistant"`, null)
    }
    if (at === 0 && message.role !== 'user')
      return badRequest('messages.0: the first message must be of the user', null)
    const problem = checkContent(message, path) ?? checkResults(message, path, open)
    if (problem) return problem
    open = blocksOf(message, 'tool_use').map((block) => block.id)
  }
  return open.length > 0
    ? badRequest('messages: tool_use ids were found without tool_result blocks', null)
    : undefined
}

function checkContent(message: JsonObject, path: string): MockError | undefined {
  const { content } = message
  if (typeof content === 'string') {
    return content === '' ? badRequest(`${path}: content must be non-empty`, null) : undefined
  }
  if (!Array.isArray(content))
    return badRequest(`${path}.content: expected a string or an array, found ${nameOf(content)}`, null)
  const wrong = content.findIndex((block: unknown) => !isObject(block) || typeof block.type !== 'string')
  if (wrong >= 0) return badRequest(`${path}.content.${wrong}: expected a block with a type`, null)
  const empty = blocksOf(message, 'text').some(
    (block) => typeof block.text !== 'string' || block.text.trim() === '',
  )
  return empty ? badRequest(`${path}: text content blocks must be non-empty`, null) : undefined
}

/** The results of one assistant turn stand together, before anything else, in the very next message. */
function checkResults(message: JsonObject, path: string, open: readonly unknown[]): MockError | undefined {
  const results = blocksOf(message, 'tool_result').map((block) => block.tool_use_id)
  const stray = results.find((id) => !open.includes(id))
  if (stray !== undefined)
    return badRequest(
      `${path}: tool_result ${JSON.stringify(stray)} has no tool_use in the message before`,
      null,
    )
  const missing = open.find((id) => !results.includes(id))
  if (missing !== undefined) {
    return badRequest(
      `${path}: tool_use ids were found without tool_result blocks immediately after: ${JSON.stringify(missing)}`,
      null,
    )
  }
  const leading = allBlocks(message).slice(0, results.length)
  const mixed = leading.some((block) => block.type !== 'tool_result')
  return mixed ? badRequest(`${path}: tool_result blocks must come first`, null) : undefined
}

function allBlocks(message: JsonObject): readonly JsonObject[] {
  return Array.isArray(message.content) ? message.content.filter(isObject) : []
}

function blocksOf(message: JsonObject, type: string): readonly JsonObject[] {
  return allBlocks(message).filter((block) => block.type === type)
}

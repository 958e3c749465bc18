import { type ChatRequest, refuse } from '@llmproxy/provider-kit'
import { isObject, type JsonObject, type ToolChoiceParam, type ToolDefinition } from './wire.ts'

/** What the client wants of its tools: how free the model is, and which tools it may use at all. */
export interface ToolWish {
  readonly choice?: ToolChoiceParam
  /** Names of the only tools that may be used. Absent: all. */
  readonly allowed?: readonly string[]
}

/** Reads `tool_choice`, or `function_call` of old clients. The vendor's own forms are understood as well. */
export function toolWish(body: Readonly<ChatRequest>): ToolWish {
  const wish: unknown = body.tool_choice ?? body['function_call']
  if (wish === undefined || wish === null) return {}
  if (wish === 'auto' || wish === 'none') return { choice: { type: wish } }
  if (wish === 'required') return { choice: { type: 'any' } }
  if (!isObject(wish))
    throw refuse('tool_choice', `unknown value ${JSON.stringify(wish)}; use auto, none or required`)
  return objectWish(wish)
}

/** True when the model must call a tool. */
export function isForced(choice: ToolChoiceParam | undefined): boolean {
  return choice?.type === 'any' || choice?.type === 'tool'
}

/** The tools that may be used; the request is refused when a name among the allowed ones is unknown. */
export function allowedTools(tools: readonly ToolDefinition[], wish: ToolWish): readonly ToolDefinition[] {
  if (wish.allowed === undefined) return tools
  const unknown = wish.allowed.find((name) => tools.every((tool) => tool.name !== name))
  if (unknown !== undefined) {
    throw refuse('tool_choice.allowed_tools.tools', `${JSON.stringify(unknown)} is not one of the tools`)
  }
  return tools.filter((tool) => wish.allowed?.includes(tool.name))
}

function objectWish(wish: JsonObject): ToolWish {
  switch (wish['type']) {
    case 'allowed_tools':
      return allowedWish(wish)
    case 'auto':
    case 'any':
    case 'none':
      return { choice: { ...wish, type: wish['type'] } }
    case 'tool':
    case 'function':
    case undefined:
      return { choice: { type: 'tool', name: chosenName(wish) } }
    default:
      throw refuse('tool_choice.type', `${JSON.stringify(wish['type'])} is not supported by this provider`)
  }
}

function allowedWish(wish: JsonObject): ToolWish {
  const set = isObject(wish['allowed_tools']) ? wish['allowed_tools'] : wish
  if (!Array.isArray(set['tools']))
    throw refuse('tool_choice.allowed_tools.tools', 'must be an array of tools')
  return {
    choice: { type: set['mode'] === 'required' ? 'any' : 'auto' },
    allowed: set['tools'].map((tool: unknown) => chosenName(isObject(tool) ? tool : {})),
  }
}

function chosenName(wish: JsonObject): string {
  const name = isObject(wish['function']) ? wish['function']['name'] : wish['name']
  if (typeof name !== 'string')
    throw refuse('tool_choice', 'must name a function: {"type":"function","function":{"name":…}}')
  return name
}

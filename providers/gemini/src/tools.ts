import {
  asksForNothing,
  type Call,
  type ChatRequest,
  type FunctionTool,
  functionTools,
  type JsonObject,
  refuse,
  type ToolWish,
  toolWish,
} from '@llmproxy/provider-kit'
import { isEmptyObjectSchema, openApiSchema } from './schema.ts'

/** `tools` and `toolConfig` of a request; nothing when the client offers no functions. `fullSchemas`: as JSON Schema. */
export function toolSettings(call: Call<ChatRequest>, fullSchemas: boolean): JsonObject {
  const offered = functionTools(call.body)
  const wish = toolWish(call.body)
  if (offered.length === 0) {
    const name = (call.body.tool_choice ?? undefined) === undefined ? 'function_call' : 'tool_choice'
    if (wish !== undefined && wish.mode !== 'none' && !asksForNothing(name, call.body[name])) {
      throw refuse(name, 'there are no tools to choose from')
    }
    return {}
  }
  const tools = wish?.mode === 'auto' ? named(offered, wish) : offered
  return {
    tools: [{ functionDeclarations: tools.map((tool) => declaration(tool, call, fullSchemas)) }],
    ...(wish !== undefined && { toolConfig: { functionCallingConfig: callingConfig(wish, offered) } }),
  }
}

/** Names may be listed only where a call is forced, so the others are left out. */
function named(offered: readonly FunctionTool[], wish: ToolWish): readonly FunctionTool[] {
  if (!('named' in wish)) return offered
  refuseStrangers(offered, wish.named)
  return offered.filter(({ name }) => wish.named.includes(name))
}

function callingConfig(wish: ToolWish, offered: readonly FunctionTool[]): JsonObject {
  if (wish.mode === 'none') return { mode: 'NONE' }
  if (wish.mode === 'auto') return { mode: 'AUTO' }
  if (!('named' in wish)) return { mode: 'ANY' }
  refuseStrangers(offered, wish.named)
  return { mode: 'ANY', allowedFunctionNames: wish.named }
}

function refuseStrangers(offered: readonly FunctionTool[], names: readonly string[]): void {
  const stranger = names.find((name) => !offered.some((tool) => tool.name === name))
  if (stranger !== undefined || names.length === 0)
    throw refuse('tool_choice', `there is no tool named ${JSON.stringify(stranger)}`)
}

function declaration(tool: FunctionTool, call: Call<ChatRequest>, fullSchemas: boolean): JsonObject {
  const { name, description, parameters, strict, path } = tool
  if (strict) call.dropped(`${path}.strict`)
  return {
    name,
    ...(description !== undefined && { description }),
    ...(parameters !== undefined &&
      !isEmptyObjectSchema(parameters) &&
      schema(parameters, path, fullSchemas)),
  }
}

function schema(parameters: JsonObject, path: string, full: boolean): JsonObject {
  return full
    ? { parametersJsonSchema: parameters }
    : { parameters: openApiSchema(parameters, `${path}.parameters`) }
}

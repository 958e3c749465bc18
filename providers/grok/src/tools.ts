import {
  asksForNothing,
  asksWithFunctions,
  type ChatParameter,
  type ChatRequest,
  isObject,
  type Members,
  type ParameterRule,
  toolWish,
} from '@llmproxy/provider-kit'
import { looseTools } from './loose-tools.ts'

type ToolParameter = Extract<
  ChatParameter,
  'tools' | 'tool_choice' | 'parallel_tool_calls' | 'functions' | 'function_call'
>

/** The rules for tools. The old form, `functions`, becomes today's. */
export const toolParameters: Readonly<Record<ToolParameter, ParameterRule>> = {
  tools: (value, call) =>
    asksForNothing('tools', value) ? {} : { tools: allowed(looseTools(value, 'tools', call), call.body) },
  functions: (value, call) =>
    asksWithFunctions(call.body) ? { tools: looseTools(value, 'functions', call) } : undefined,
  tool_choice: (value, { body }) => {
    if (!hasTools(body)) return value === 'none' ? {} : undefined
    if (!isObject(value) || value['type'] === 'function') return { tool_choice: value }
    const mode = toolWish(body)?.mode
    return mode === undefined ? {} : { tool_choice: mode }
  },
  function_call: (value, { body }) =>
    asksWithFunctions(body) ? { tool_choice: inToolForm(value) } : undefined,
  parallel_tool_calls: (value, { body }) =>
    hasTools(body) || asksWithFunctions(body) ? { parallel_tool_calls: value } : undefined,
}

/** The vendor does not know `allowed_tools`: it is told of no others. */
function allowed(tools: readonly unknown[], body: Readonly<ChatRequest>): readonly unknown[] {
  const choice: unknown = body.tool_choice
  if (!isObject(choice) || choice['type'] !== 'allowed_tools') return tools
  const wish = toolWish(body)
  const names: readonly unknown[] = wish !== undefined && 'named' in wish ? wish.named : []
  return tools.filter(
    (tool) => isObject(tool) && isObject(tool['function']) && names.includes(tool['function']['name']),
  )
}

function hasTools({ tools }: Readonly<ChatRequest>): boolean {
  return Array.isArray(tools) && tools.length > 0
}

function inToolForm(value: unknown): Members[string] {
  return isObject(value) ? { type: 'function', function: value } : value
}

import {
  type Call,
  type ChatRequest,
  type FunctionTool,
  functionTools,
  isObject,
  type JsonObject,
  type Members,
  refuse,
  type ToolWish,
  toolWish,
} from '@llmproxy/provider-kit'
import { reportLost } from './content.ts'
import { sentNames } from './tool-names.ts'

/** The tools to send: those that may be called. Throws a refusal for tools that are no functions. */
export function toolMembers(call: Call<ChatRequest>): Members {
  const all = functionTools(call.body)
  if (all.length === 0) return {}
  reportUnknown(call)
  const names = sentNames(call.body)
  const tools = allowedTools(all, wishOf(call.body)).map(({ name, description, parameters }) => ({
    type: 'function',
    function: {
      name: names.sent(name),
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
    },
  }))
  return { tools, ...(all.some(({ strict }) => strict) && { strict_tools: true }) }
}

/** The vendor's own switch for all tools; one that says no does not take back what a single tool asks for. */
export function strictTools({ body }: Call<ChatRequest>): Members | undefined {
  const strict = functionTools(body).some((tool) => tool.strict)
  if (strict && body['strict_tools'] === false) return undefined
  return { strict_tools: strict || body['strict_tools'] }
}

/** The choice of old clients: where both are there, `tool_choice` holds. */
export function functionCall(call: Call<ChatRequest>): Members | undefined {
  const { tool_choice: current } = call.body
  return current === undefined || current === null ? toolChoice(call) : undefined
}

/** The choice in the vendor's words: `auto` is not said, and a named function is the only tool that is left. */
export function toolChoice({ body }: Call<ChatRequest>): Members | undefined {
  const wish = wishOf(body)
  if (wish === undefined || wish.mode === 'auto') return {}
  if (functionTools(body).length > 0) return { tool_choice: wish.mode === 'none' ? 'NONE' : 'REQUIRED' }
  if (wish.mode === 'required') throw refuse('tool_choice', 'there are no tools to call')
  // Without tools none can be called, whatever is said.
  return undefined
}

/** The vendor's own words are in capitals. */
function wishOf(body: Readonly<ChatRequest>): ToolWish | undefined {
  const choice: unknown = body.tool_choice
  if (choice === 'REQUIRED') return { mode: 'required' }
  return choice === 'NONE' ? { mode: 'none' } : toolWish(body)
}

function allowedTools(all: readonly FunctionTool[], wish: ToolWish | undefined): readonly FunctionTool[] {
  if (wish === undefined || !('named' in wish)) return all
  const offered = new Set(all.map(({ name }) => name))
  const missing = wish.named.find((name) => !offered.has(name))
  if (missing !== undefined) throw refuse('tool_choice', `${JSON.stringify(missing)} is not one of the tools`)
  const named = new Set(wish.named)
  return all.filter(({ name }) => named.has(name))
}

const functionKeys = ['name', 'description', 'parameters', 'strict'] as const

function reportUnknown(call: Call<ChatRequest>): void {
  for (const [index, tool] of objectsOf(call.body.tools).entries()) {
    reportLost(tool, ['type', 'function'], `tools[${index}]`, call)
    if (isObject(tool['function']))
      reportLost(tool['function'], functionKeys, `tools[${index}].function`, call)
  }
  for (const [index, called] of objectsOf(call.body['functions']).entries())
    reportLost(called, functionKeys, `functions[${index}]`, call)
}

function objectsOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}

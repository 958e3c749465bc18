import {
  type Call,
  type ChatRequest,
  type FunctionTool,
  functionTools,
  isObject,
  type JsonObject,
  refuse,
  type ToolWish,
  toolWish,
} from '@llmproxy/provider-kit'
import { cachePoint } from './cache-point.ts'
import { type AnswerTool, answerTool } from './structured-output.ts'
import type { Block } from './wire.ts'

/** The `toolConfig` of a request. */
export interface ToolConfig {
  readonly tools: readonly Block[]
  /** Absent: the model is free. */
  readonly toolChoice?: Block
}

/**
 * The tools and how they may be used; `undefined` when there are none. `called` are the tools that the conversation has calls
 * of: the API then wants a `toolConfig` in any case, so they stand in when the client sends no tools (any more).
 */
export function toolConfig(call: Call<ChatRequest>, called: readonly string[]): ToolConfig | undefined {
  const answer = answerTool(call)
  if (answer !== undefined) return answerConfig(answer, call)
  const given = functionTools(call.body)
  const wish = toolWish(call.body)
  const tools = offered(given, wish)
  reportStrict(tools, call)
  if (tools.length === 0) {
    if (wish?.mode === 'required') call.dropped('tool_choice')
    return called.length === 0 ? undefined : { tools: called.map(placeholder) }
  }
  if (wish?.mode === 'none') {
    // There is no word for it. Tools that are not there are not called, but a conversation with calls must keep them.
    if (called.length === 0) return undefined
    call.dropped('tool_choice')
  }
  const toolChoice = choiceOf(wish)
  return { tools: specsOf(tools, call), ...(toolChoice && { toolChoice }) }
}

/** The answer is the input of a tool. The client's own may be called as well, unless it wants none of them. */
function answerConfig({ schema, ...named }: AnswerTool, call: Call<ChatRequest>): ToolConfig {
  const wish = toolWish(call.body)
  const tools = offered(functionTools(call.body), wish)
  reportStrict(tools, call)
  const specs = specsOf(tools, call)
  const only = tools.length === 0 || wish?.mode === 'none'
  return {
    tools: [...specs, { toolSpec: { ...named, inputSchema: { json: schema } } }],
    toolChoice: only ? { tool: { name: named.name } } : { any: {} },
  }
}

/** True when the model must call a tool. */
export function isForced(config: ToolConfig | undefined): boolean {
  return config?.toolChoice !== undefined && config.toolChoice['auto'] === undefined
}

/** All tools, or those that the client allows; names that are not among the tools are refused. */
function offered(tools: readonly FunctionTool[], wish: ToolWish | undefined): readonly FunctionTool[] {
  if (wish === undefined || !('named' in wish)) return tools
  const unknown = wish.named.find((name) => tools.every((tool) => tool.name !== name))
  if (unknown !== undefined) throw refuse('tool_choice', `${JSON.stringify(unknown)} is not one of the tools`)
  // A single tool that must be called is named in the choice, and the others stay.
  return singleOf(wish) === undefined ? tools.filter((tool) => wish.named.includes(tool.name)) : tools
}

/** The one tool that must be called. */
function singleOf(wish: ToolWish): string | undefined {
  return 'named' in wish && wish.mode === 'required' && wish.named.length === 1 ? wish.named[0] : undefined
}

function choiceOf(wish: ToolWish | undefined): Block | undefined {
  if (wish === undefined || wish.mode === 'none') return undefined
  const name = singleOf(wish)
  if (name !== undefined) return { tool: { name } }
  return wish.mode === 'required' ? { any: {} } : { auto: {} }
}

function specsOf(tools: readonly FunctionTool[], call: Call<ChatRequest>): Block[] {
  const marks = marked(call.body)
  return tools.flatMap((tool) => [specOf(tool), ...cachePoint(marks(tool.path), tool.path, call)])
}

function specOf({ name, description, parameters }: FunctionTool): Block {
  const described = description === undefined || description.trim() === '' ? {} : { description }
  const schema = { type: 'object', ...(parameters ?? { properties: {} }) }
  return { toolSpec: { name, ...described, inputSchema: { json: schema } } }
}

function placeholder(name: string): Block {
  return { toolSpec: { name, inputSchema: { json: { type: 'object' } } } }
}

function reportStrict(tools: readonly FunctionTool[], call: Call<ChatRequest>): void {
  for (const tool of tools) if (tool.strict) call.dropped(`${tool.path}.strict`)
}

/** What carries the cache mark of the tool at a path: the tool, or the function in it. */
function marked(body: Readonly<ChatRequest>): (path: string) => JsonObject {
  return (path) => {
    const [, list = '', index = ''] = /^(\w+)\[(\d+)\]/.exec(path) ?? []
    const entry = (body[list] as readonly unknown[] | undefined)?.[Number(index)]
    const tool = isObject(entry) ? entry : {}
    return isObject(tool['cache_control']) || !isObject(tool['function']) ? tool : tool['function']
  }
}

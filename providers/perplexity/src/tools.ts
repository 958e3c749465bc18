import {
  asksForNothing,
  asksWithFunctions,
  type ChatParameter,
  type ChatRequest,
  functionTools,
  notOffered,
  type ParameterRule,
  toolWish,
} from '@llmproxy/provider-kit'

type ToolParameter = Extract<
  ChatParameter,
  'tools' | 'tool_choice' | 'parallel_tool_calls' | 'functions' | 'function_call'
>
type Members = Record<string, unknown>

/** The rules for tools: most accounts have none. */
export function toolParameters(enabled: boolean): Record<ToolParameter, ParameterRule> {
  if (!enabled)
    return {
      tools: (value) => refuseTools('tools', value),
      functions: (value) => refuseTools('functions', value),
      // Without tools there is nothing to choose from.
      tool_choice: (value) => (value === 'none' ? {} : undefined),
      function_call: 'drop',
      parallel_tool_calls: 'drop',
    }
  return {
    tools: (value, { body }) => (asksForNothing('tools', value) ? {} : offered(body)),
    functions: (_value, { body }) => (asksWithFunctions(body) ? offered(body) : undefined),
    tool_choice: (_value, { body }) => (listOf(body).length > 0 ? choice(body) : undefined),
    function_call: (_value, { body }) => (asksWithFunctions(body) ? choice(body) : undefined),
    parallel_tool_calls: (value, { body }) =>
      listOf(body).length > 0 ? { parallel_tool_calls: value } : undefined,
  }
}

function refuseTools(name: 'tools' | 'functions', value: unknown): Members {
  if (asksForNothing(name, value)) return {}
  throw notOffered(name, 'this provider calls no tools; set tools: true if the account may use them')
}

/** The vendor cannot be told to call one of several tools, so it is told of no others. */
function offered(body: Readonly<ChatRequest>): Members {
  const list = listOf(body)
  const names = functionTools({ ...body, tools: list as NonNullable<ChatRequest['tools']>, functions: null })
  const wish = toolWish(body)
  if (wish === undefined || !('named' in wish)) return { tools: list }
  return { tools: list.filter((_, index) => wish.named.includes(names[index]?.name ?? '')) }
}

function choice(body: Readonly<ChatRequest>): Members {
  const mode = toolWish(body)?.mode
  return mode === undefined ? {} : { tool_choice: mode }
}

/** The tools of a request, `functions` of old clients among them when there are no others. */
function listOf(body: Readonly<ChatRequest>): readonly unknown[] {
  if (!asksWithFunctions(body)) return Array.isArray(body.tools) ? body.tools : []
  return (body['functions'] as readonly unknown[]).map((called) => ({ type: 'function', function: called }))
}

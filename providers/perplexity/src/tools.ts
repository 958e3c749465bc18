import {
  asksForNothing,
  type Call,
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
      function_call: (value) => (value === 'none' ? {} : undefined),
      parallel_tool_calls: 'drop',
    }
  return {
    tools: narrowed,
    functions: (value) => refuseTools('functions', value),
    tool_choice: choice,
    function_call: 'drop',
    parallel_tool_calls: (value, { body }) =>
      offersTools(body) ? { parallel_tool_calls: value } : undefined,
  }
}

function refuseTools(name: 'tools' | 'functions', value: unknown): Members {
  if (asksForNothing(name, value)) return {}
  const reason =
    name === 'tools'
      ? 'this provider calls no tools; set tools: true if the account may use them'
      : 'the old form of tools is not offered by this provider: send tools'
  throw notOffered(name, reason)
}

/** The vendor cannot be told to call one of several tools, so it is told of no others. */
function narrowed(value: unknown, { body }: Call<ChatRequest>): Members {
  if (asksForNothing('tools', value)) return {}
  const named = namedTools(body)
  const tools = functionTools({ ...body, functions: null })
  if (named === undefined) return { tools: value }
  const offered = value as readonly unknown[]
  return { tools: offered.filter((_, index) => named.includes(tools[index]?.name ?? '')) }
}

function choice(_value: unknown, { body }: Call<ChatRequest>): Members | undefined {
  if (!offersTools(body)) return undefined
  const mode = toolWish(body)?.mode
  return mode === undefined ? {} : { tool_choice: mode }
}

function namedTools(body: Readonly<ChatRequest>): readonly string[] | undefined {
  const wish = toolWish(body)
  return wish !== undefined && 'named' in wish ? wish.named : undefined
}

function offersTools({ tools }: Readonly<ChatRequest>): boolean {
  return Array.isArray(tools) && tools.length > 0
}

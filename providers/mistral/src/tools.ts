import {
  type Call,
  type ChatRequest,
  type FunctionTool,
  functionTools,
  isObject,
  type JsonObject,
  type Members,
  refuse,
  toolWish,
} from '@llmproxy/provider-kit'

const toolKeys: ReadonlySet<string> = new Set(['type', 'function'])
const functionKeys: ReadonlySet<string> = new Set(['name', 'description', 'parameters', 'strict'])

/**
 * The tools to send: those that may be called. The client's own list when nothing in it has to change. Reports members that the
 * vendor does not know; throws a refusal for tools that are no functions.
 */
export function toolMembers(call: Call<ChatRequest>): Members {
  const all = functionTools(call.body)
  if (all.length === 0) return { tools: undefined }
  const allowed = allowedTools(all, call)
  if (allowed.length === all.length && isClean(call.body.tools, all.length)) return { tools: call.body.tools }
  reportUnknown(call)
  return { tools: allowed.map(written) }
}

/** The choice of old clients: where both are there, `tool_choice` holds. */
export function functionCall(call: Call<ChatRequest>): Members | undefined {
  const { tool_choice: current } = call.body
  return current === undefined || current === null ? toolChoice(call) : undefined
}

/** The choice in the vendor's words; a named function is the only tool that is left, and must be called. */
export function toolChoice(call: Call<ChatRequest>): Members | undefined {
  const { body } = call
  // The vendor's own word.
  if ((body.tool_choice as unknown) === 'any') return { tool_choice: 'any' }
  const wish = toolWish(body)
  if (wish === undefined) return {}
  if (functionTools(body).length > 0) return { tool_choice: wish.mode === 'required' ? 'any' : wish.mode }
  if (wish.mode === 'required') throw refuse('tool_choice', 'there are no tools to call')
  // Without tools none can be called, whatever is said.
  return undefined
}

function allowedTools(all: readonly FunctionTool[], { body }: Call<ChatRequest>): readonly FunctionTool[] {
  if ((body.tool_choice as unknown) === 'any') return all
  const wish = toolWish(body)
  if (wish === undefined || !('named' in wish)) return all
  const offered = new Set(all.map(({ name }) => name))
  const missing = wish.named.find((name) => !offered.has(name))
  if (missing !== undefined) throw refuse('tool_choice', `${JSON.stringify(missing)} is not one of the tools`)
  const named = new Set(wish.named)
  return all.filter(({ name }) => named.has(name))
}

function written({ name, description, parameters, strict }: FunctionTool): object {
  return {
    type: 'function',
    function: {
      name,
      ...(description !== undefined && { description }),
      parameters: parameters ?? { type: 'object', properties: {} },
      ...(strict && { strict }),
    },
  }
}

/** Whether the client's list can go out: all the tools that there are (`functions` are tools, too), and nothing else. */
function isClean(tools: unknown, count: number): boolean {
  return (
    Array.isArray(tools) &&
    tools.length === count &&
    tools.filter(isObject).every(({ function: called, ...tool }) => {
      if (!isObject(called) || !isObject(called['parameters'])) return false
      const keys = Object.entries(called).filter(([, value]) => value !== null)
      return (
        Object.keys(tool).every((key) => toolKeys.has(key)) &&
        keys.length === Object.keys(called).length &&
        keys.every(([key]) => functionKeys.has(key))
      )
    })
  )
}

function reportUnknown(call: Call<ChatRequest>): void {
  for (const [index, tool] of objectsOf(call.body.tools).entries()) {
    report(tool, toolKeys, `tools[${index}]`)
    if (isObject(tool['function'])) report(tool['function'], functionKeys, `tools[${index}].function`)
  }
  for (const [index, called] of objectsOf(call.body['functions']).entries())
    report(called, functionKeys, `functions[${index}]`)
  function report(holder: object, known: ReadonlySet<string>, path: string): void {
    for (const [name, value] of Object.entries(holder))
      if (!known.has(name) && value !== null) call.dropped(`${path}.${name}`)
  }
}

function objectsOf(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : []
}

import {
  type Call,
  type ChatRequest,
  type FunctionTool,
  functionTools,
  isObject,
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
  if (allowed.length === all.length && isClean(call.body.tools)) return { tools: call.body.tools }
  reportUnknown(call)
  return { tools: allowed.map(written) }
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
  const missing = wish.named.find((name) => all.every((tool) => tool.name !== name))
  if (missing !== undefined) throw refuse('tool_choice', `${JSON.stringify(missing)} is not one of the tools`)
  return all.filter(({ name }) => wish.named.includes(name))
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

function isClean(tools: unknown): boolean {
  return (
    Array.isArray(tools) &&
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
  const tools: unknown = call.body.tools
  if (!Array.isArray(tools)) return
  tools.forEach((tool: unknown, index) => {
    if (!isObject(tool)) return
    const called = isObject(tool['function']) ? tool['function'] : {}
    report(tool, toolKeys, `tools[${index}]`)
    report(called, functionKeys, `tools[${index}].function`)
  })
  function report(holder: object, known: ReadonlySet<string>, path: string): void {
    for (const [name, value] of Object.entries(holder))
      if (!known.has(name) && value !== null) call.dropped(`${path}.${name}`)
  }
}

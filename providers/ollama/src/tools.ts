import { type Call, type ChatRequest, isObject, type Members, refuse, toolWish } from '@llmproxy/provider-kit'

/**
 * The tools that may be called. The server knows no `tool_choice`, so the others are left out: all of them for `none`. Throws a
 * refusal when a choice names no tool that is there.
 */
export function offeredTools(tools: unknown, { body }: Call<ChatRequest>): Members {
  const wish = toolWish(body)
  if (wish?.mode === 'none') return {}
  if (wish === undefined || !('named' in wish) || !Array.isArray(tools)) return { tools }
  const kept = tools.filter((tool: unknown) => wish.named.includes(nameOf(tool)))
  if (kept.length === 0) throw refuse('tool_choice', 'names none of the tools')
  return { tools: kept }
}

/** Lost, unless the list of tools says it all: no call can be forced. */
export function toolChoice(_value: unknown, { body }: Call<ChatRequest>): Members | undefined {
  return toolWish(body)?.mode === 'required' ? undefined : {}
}

function nameOf(tool: unknown): string {
  const holder = isObject(tool) && isObject(tool['function']) ? tool['function'] : tool
  return isObject(holder) && typeof holder['name'] === 'string' ? holder['name'] : ''
}

import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/**
 * Puts the reasoning tokens where OpenAI has them. They and the citation tokens are counted apart and not always part of the
 * totals, so no total is computed. Edits `usage`.
 */
export function mendUsage(usage: JsonObject): void {
  const { reasoning_tokens: reasoning, completion_tokens_details: details } = usage
  if (typeof reasoning !== 'number') return
  usage['completion_tokens_details'] = { ...(isObject(details) && details), reasoning_tokens: reasoning }
}

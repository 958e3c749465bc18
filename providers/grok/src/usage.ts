import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/**
 * Makes token counts OpenAI's: reasoning is part of `completion_tokens`, cached tokens are part of `prompt_tokens`. Added only
 * where the vendor's own total proves that they are not in yet. Edits `usage`.
 */
export function mendUsage(usage: JsonObject): void {
  const prompt = countAt(usage, 'prompt_tokens')
  const completion = countAt(usage, 'completion_tokens')
  const reasoning = countAt(usage['completion_tokens_details'], 'reasoning_tokens')
  const cached = countAt(usage['prompt_tokens_details'], 'cached_tokens')
  const apart = cached > prompt ? cached : 0
  if (apart > 0) usage['prompt_tokens'] = prompt + apart
  const total = usage['total_tokens']
  const proven =
    total === prompt + completion + reasoning || total === prompt + apart + completion + reasoning
  if (reasoning > 0 && proven) usage['completion_tokens'] = completion + reasoning
}

function countAt(container: unknown, name: string): number {
  const count = isObject(container) ? container[name] : undefined
  return typeof count === 'number' ? count : 0
}

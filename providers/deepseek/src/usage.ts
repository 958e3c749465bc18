import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** The vendor counts cached tokens under a name of its own, older models there only. Edits `usage`. */
export function mendUsage(usage: JsonObject): void {
  const { prompt_cache_hit_tokens: hit, prompt_tokens_details: given } = usage
  const details = isObject(given) ? given : {}
  if (typeof hit !== 'number' || typeof details['cached_tokens'] === 'number') return
  usage['prompt_tokens_details'] = { ...details, cached_tokens: hit }
}

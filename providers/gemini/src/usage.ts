import { isObject, type JsonObject, type Usage } from '@llmproxy/provider-kit'

/**
 * `usageMetadata` in OpenAI's terms: the vendor's candidates exclude the thoughts, its prompt includes what was cached. Counts of zero
 * may be absent. `null` when not even the prompt is counted.
 */
export function usageOf(metadata: unknown): Usage | null {
  // No prompt is of zero tokens: one that is not counted is not known.
  if (!isObject(metadata) || typeof metadata['promptTokenCount'] !== 'number') return null
  const prompt = count(metadata, 'promptTokenCount')
  const reasoning = count(metadata, 'thoughtsTokenCount')
  const completion = count(metadata, 'candidatesTokenCount') + reasoning
  const total = metadata['totalTokenCount']
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: typeof total === 'number' ? total : prompt + completion,
    prompt_tokens_details: { cached_tokens: count(metadata, 'cachedContentTokenCount') },
    completion_tokens_details: { reasoning_tokens: reasoning },
  }
}

function count(metadata: JsonObject, name: string): number {
  const value = metadata[name]
  return typeof value === 'number' && value >= 0 ? value : 0
}

import { isObject, type Usage } from '@llmproxy/provider-kit'

/** OpenAI usage, or `null` when the vendor told nothing: unknown is not zero. */
export function usageOf(raw: unknown): Usage | null {
  if (!isObject(raw)) return null
  const { inputTokens, outputTokens } = raw
  if (typeof inputTokens !== 'number' || typeof outputTokens !== 'number') return null
  const cacheRead = countOf(raw['cacheReadInputTokens'])
  const cacheWrite = countOf(raw['cacheWriteInputTokens'])
  const cache = {
    ...(cacheRead !== undefined && { cached_tokens: cacheRead }),
    ...(cacheWrite !== undefined && { cache_write_tokens: cacheWrite }),
  }
  // `inputTokens` excludes what was read from or written to the cache; OpenAI's number includes it.
  const prompt = inputTokens + (cacheRead ?? 0) + (cacheWrite ?? 0)
  return {
    prompt_tokens: prompt,
    completion_tokens: outputTokens,
    total_tokens: prompt + outputTokens,
    ...(Object.keys(cache).length > 0 && { prompt_tokens_details: cache }),
  }
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

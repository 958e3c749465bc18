import type { Usage } from '@llmproxy/provider-kit'
import type { TokenUsage } from '../metrics/outcome.ts'

/** The usage of an answer that two upstreams gave, as OpenAI's object. What one of them did not tell is unknown for both. */
export function addedUsage(before: TokenUsage | null, after: TokenUsage | null): Usage | null {
  if (before === null || after === null) return null
  const written = before.cacheWrite + after.cacheWrite
  return {
    prompt_tokens: before.input + after.input,
    completion_tokens: before.output + after.output,
    total_tokens: before.total + after.total,
    prompt_tokens_details: {
      cached_tokens: before.cacheRead + after.cacheRead,
      ...(written > 0 && { cache_write_tokens: written }),
    },
    completion_tokens_details: { reasoning_tokens: before.reasoning + after.reasoning },
  }
}

import type { TokenUsage } from '../metrics/outcome.ts'
import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/**
 * Token counts from a `usage` object of any OpenAI-like operation. `null` when there is nothing to count, also when all
 * is zero: no request has an empty prompt. In the result `input + output = total`, `cacheRead` and `cacheWrite` are part
 * of `input`, and `reasoning` is part of `output`: some vendors count it outside, which their total gives away.
 */
export function normaliseUsage(usage: unknown): TokenUsage | null {
  if (!isObject(usage)) return null
  const promptDetails = details(usage, 'prompt_tokens_details', 'input_tokens_details')
  const completionDetails = details(usage, 'completion_tokens_details', 'output_tokens_details')
  const total = count(usage['total_tokens'])
  const reasoning = count(completionDetails['reasoning_tokens']) ?? count(usage['reasoning_tokens']) ?? 0
  const given = {
    input: count(usage['prompt_tokens']) ?? count(usage['input_tokens']),
    output: count(usage['completion_tokens']) ?? count(usage['output_tokens']),
  }
  const input = given.input ?? Math.max((total ?? 0) - (given.output ?? 0), 0)
  let output = given.output ?? Math.max((total ?? 0) - input, 0)
  if (given.output !== undefined && reasoning > 0 && total === input + output + reasoning) output += reasoning
  if (input + output === 0) return null
  return {
    input,
    output,
    total: input + output,
    cacheRead: first(
      promptDetails['cached_tokens'],
      usage['prompt_cache_hit_tokens'],
      usage['cached_tokens'],
    ),
    cacheWrite: first(promptDetails['cache_write_tokens'], promptDetails['cache_creation_tokens']),
    reasoning,
  }
}

function details(usage: JsonObject, ...names: readonly string[]): JsonObject {
  for (const name of names) {
    const value = usage[name]
    if (isObject(value)) return value
  }
  return {}
}

function first(...values: readonly unknown[]): number {
  for (const value of values) {
    const found = count(value)
    if (found !== undefined) return found
  }
  return 0
}

/** No request has more. A single larger one would make every sum it enters worthless. */
const mostTokens = 1_000_000_000

/** A token count; `undefined` for everything that is none. */
function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= mostTokens ? Math.trunc(value) : undefined
}

import { isObject, type JsonObject, type Usage } from '@llmproxy/provider-kit'

/**
 * OpenAI usage: what the model read and wrote (`tokens`), or else what is charged (`billed_units`), which stays beside it. `null` when
 * the vendor told nothing: unknown is not zero.
 */
export function usageOf(raw: unknown): Usage | null {
  if (!isObject(raw)) return null
  const billed = raw['billed_units']
  const counts = [raw['tokens'], billed].find(hasCounts)
  if (counts === undefined) return null
  const prompt = countOf(counts['input_tokens'])
  const completion = countOf(counts['output_tokens'])
  const cached = raw['cached_tokens']
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(typeof cached === 'number' && { prompt_tokens_details: { cached_tokens: cached } }),
    ...(isObject(billed) && { billed_units: billed }),
  }
}

function hasCounts(value: unknown): value is JsonObject {
  return (
    isObject(value) &&
    (typeof value['input_tokens'] === 'number' || typeof value['output_tokens'] === 'number')
  )
}

function countOf(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

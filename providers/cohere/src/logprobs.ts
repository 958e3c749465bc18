import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/**
 * The vendor's `[{token_ids, text, logprobs}]` as OpenAI's `{content: […]}`; `null` when there are none. An item of several tokens stays
 * one: its probability is their product, so the logarithms add up.
 */
export function logprobsOf(given: unknown): { content: object[] } | null {
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  const content = list.filter(isObject).flatMap(tokenOf)
  return content.length === 0 ? null : { content }
}

function tokenOf({ text, logprobs, token_ids: ids }: JsonObject): object[] {
  if (typeof text !== 'string' || !Array.isArray(logprobs)) return []
  const numbers = logprobs.filter((value): value is number => typeof value === 'number')
  if (numbers.length === 0) return []
  const logprob = numbers.reduce((sum, value) => sum + value, 0)
  const bytes = [...Buffer.from(text, 'utf8')]
  return [{ token: text, logprob, bytes, top_logprobs: [], ...(Array.isArray(ids) && { token_ids: ids }) }]
}

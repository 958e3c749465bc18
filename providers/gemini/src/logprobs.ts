import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** `logprobsResult` of a candidate in OpenAI's form; `null` when there is none. The vendor does not tell bytes. */
export function logprobsOf(candidate: JsonObject): JsonObject | null {
  const result = candidate['logprobsResult']
  if (!isObject(result) || !Array.isArray(result['chosenCandidates'])) return null
  const tops: readonly unknown[] = Array.isArray(result['topCandidates']) ? result['topCandidates'] : []
  const content = result['chosenCandidates'].filter(isObject).map((chosen, position) => {
    const top = tops[position]
    const others = isObject(top) && Array.isArray(top['candidates']) ? top['candidates'] : []
    return { ...tokenOf(chosen), top_logprobs: others.filter(isObject).map(tokenOf) }
  })
  return { content, refusal: null }
}

function tokenOf(candidate: JsonObject): JsonObject {
  const { token, logProbability } = candidate
  return { token: typeof token === 'string' ? token : '', logprob: Number(logProbability ?? 0), bytes: null }
}

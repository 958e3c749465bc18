import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** Puts the number of cached tokens, which has three places at this vendor, where OpenAI's clients look for it. */
export function cachedTokens(usage: JsonObject): void {
  const details = isObject(usage['prompt_tokens_details']) ? usage['prompt_tokens_details'] : {}
  // The vendor's own spelling.
  const misspelt = isObject(usage['prompt_token_details']) ? usage['prompt_token_details'] : {}
  const found = [details['cached_tokens'], misspelt['cached_tokens'], usage['num_cached_tokens']].find(
    (count) => typeof count === 'number',
  )
  if (found !== undefined) usage['prompt_tokens_details'] = { ...misspelt, ...details, cached_tokens: found }
}

import { isObject } from '@llmproxy/provider-kit'

/** The usage of the Messages dialect, whose input count leaves cached tokens out, in OpenAI's terms. */
export function messagesUsage(usage: unknown): object | null {
  if (!isObject(usage)) return null
  const count = (name: string) => (typeof usage[name] === 'number' ? usage[name] : 0)
  const written = count('cache_creation_input_tokens')
  const read = count('cache_read_input_tokens')
  const prompt = count('input_tokens') + written + read
  const completion = count('output_tokens')
  if (prompt + completion === 0) return null
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: read, cache_write_tokens: written },
  }
}

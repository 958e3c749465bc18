import { type FinishReason, ProviderFault } from '@llmproxy/provider-kit'

/** Words that have no better one than `stop`, such as `STOP` itself and `OTHER`, are not listed. */
const reasons: Readonly<Record<string, FinishReason>> = {
  MAX_TOKENS: 'length',
  SAFETY: 'content_filter',
  RECITATION: 'content_filter',
  BLOCKLIST: 'content_filter',
  PROHIBITED_CONTENT: 'content_filter',
  SPII: 'content_filter',
  IMAGE_SAFETY: 'content_filter',
}
const failures: ReadonlySet<unknown> = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL'])

/**
 * The OpenAI word for a `finishReason`. The vendor says `STOP` after function calls, too. Throws a `ProviderFault` of kind
 * `upstream` when the model has broken off: another try may well succeed.
 */
export function finishReason(word: unknown, hasCalls: boolean): FinishReason {
  if (failures.has(word)) {
    const code = String(word).toLowerCase()
    throw new ProviderFault({ kind: 'upstream', message: `the model broke off with ${String(word)}`, code })
  }
  const listed = typeof word === 'string' && Object.hasOwn(reasons, word) ? reasons[word] : undefined
  return listed ?? (hasCalls ? 'tool_calls' : 'stop')
}

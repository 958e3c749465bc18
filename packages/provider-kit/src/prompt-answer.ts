import { ProviderFault } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { isObject } from './frame-rules-shape.ts'
import type { Usage } from './wire.ts'

/** The finish reason of an answer to a prompt, which has no tools. Throws a `ProviderFault` for a word that means a failure. */
export function promptFinish(word: unknown): 'stop' | 'length' {
  const verdict = finishReason(word)
  if (verdict.kind === 'failure')
    throw new ProviderFault({ kind: 'upstream', message: `the upstream broke off: ${verdict.raw}` })
  return verdict.kind === 'finish' && verdict.reason === 'length' ? 'length' : 'stop'
}

/** Usage of a wire format that need not tell it: zeros then, as such formats have it. Members of the vendor's own stay. */
export function promptUsage(given: unknown): Usage {
  const usage = isObject(given) ? given : {}
  const count = (name: string): number => (typeof usage[name] === 'number' ? usage[name] : 0)
  const prompt_tokens = count('prompt_tokens')
  const completion_tokens = count('completion_tokens')
  const total_tokens = count('total_tokens') || prompt_tokens + completion_tokens
  return { ...usage, prompt_tokens, completion_tokens, total_tokens }
}

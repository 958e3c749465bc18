import { badResponse, type FinishReason, ProviderFault, redactKeys } from '@llmproxy/provider-kit'
import { withoutPrompt } from './fault.ts'

const finishReasons = {
  COMPLETE: 'stop',
  STOP_SEQUENCE: 'stop',
  MAX_TOKENS: 'length',
  TOOL_CALL: 'tool_calls',
  ERROR_LIMIT: 'length',
  ERROR_TOXIC: 'content_filter',
} as const satisfies Record<string, FinishReason>

/** Words for an answer that broke off. */
const failures = { ERROR: 'upstream', TIMEOUT: 'timeout', USER_CANCEL: 'upstream' } as const

/** How an answer ended. */
export interface Ending {
  readonly finish_reason: FinishReason
  /** The vendor's own word. */
  readonly native_finish_reason: string
}

/**
 * The OpenAI word for the vendor's, `stop` for one that is not known yet. Calls decide between `stop` and `tool_calls`, because clients
 * run tools only when told so. Throws a `ProviderFault` for words that mean a failure, and for none. `detail` is the vendor's message.
 */
export function endingOf(word: unknown, hasToolCalls: boolean, detail?: unknown): Ending {
  if (typeof word !== 'string' || word === '') throw badResponse('it has no finish_reason')
  if (Object.hasOwn(failures, word)) throw brokenOff(word as keyof typeof failures, detail)
  const known = Object.hasOwn(finishReasons, word)
    ? finishReasons[word as keyof typeof finishReasons]
    : 'stop'
  const calls = known === 'stop' || known === 'tool_calls'
  return {
    finish_reason: calls ? (hasToolCalls ? 'tool_calls' : 'stop') : known,
    native_finish_reason: word,
  }
}

/** The failure of an answer that the vendor gave up, with its own message when it has one. */
export function brokenOff(word: keyof typeof failures, detail?: unknown): ProviderFault {
  const why = typeof detail === 'string' && detail !== '' ? `: ${withoutPrompt(redactKeys(detail))}` : ''
  return new ProviderFault({
    kind: failures[word],
    message: `the upstream broke off with finish_reason ${word}${why}`,
    code: word.toLowerCase(),
  })
}

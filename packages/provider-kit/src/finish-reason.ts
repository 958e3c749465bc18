import type { FinishReason } from './wire.ts'

/** What an upstream's `finish_reason` means. */
export type FinishVerdict =
  /** Not finished: absent, `null` or empty. */
  | { readonly kind: 'open' }
  /** Finished. `known` is false for a word that nobody has seen before, which counts as `stop`. */
  | { readonly kind: 'finish'; readonly reason: FinishReason; readonly known: boolean }
  /** Not a finish at all: the upstream broke off and says so. */
  | { readonly kind: 'failure'; readonly raw: string }

const open: FinishVerdict = Object.freeze({ kind: 'open' })
const unknownWord: FinishVerdict = Object.freeze({ kind: 'finish', reason: 'stop', known: false })

/** The words that compatible servers use, lower case, beside the five of the wire format. */
const synonyms: Readonly<Record<FinishReason, readonly string[]>> = {
  stop: ['stop', 'eos', 'eos_token', 'end_turn', 'stop_sequence', 'complete'],
  length: ['length', 'max_length', 'max_tokens', 'model_length', 'model_context_window_exceeded'],
  tool_calls: ['tool_calls', 'tool_call', 'tool_use'],
  content_filter: ['content_filter', 'content_filtered', 'safety', 'refusal'],
  function_call: ['function_call'],
}
const failures: readonly string[] = [
  'error',
  'insufficient_system_resource',
  'timeout',
  'malformed_function_call',
]

const verdicts: ReadonlyMap<string, FinishVerdict> = new Map([
  ['', open],
  ...Object.entries(synonyms).flatMap(([reason, names]) =>
    names.map((name): [string, FinishVerdict] => [
      name,
      Object.freeze({ kind: 'finish', reason: reason as FinishReason, known: true }),
    ]),
  ),
  ...failures.map((raw): [string, FinishVerdict] => [raw, Object.freeze({ kind: 'failure', raw })]),
])

/** Reads a `finish_reason` of any OpenAI-like server. Allocates nothing. */
export function finishReason(raw: unknown): FinishVerdict {
  if (raw === undefined || raw === null) return open
  if (typeof raw !== 'string') return unknownWord
  return verdicts.get(raw) ?? verdicts.get(raw.toLowerCase()) ?? unknownWord
}

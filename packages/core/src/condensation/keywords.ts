import { type FaultKind, isContextLength } from '@llmproxy/provider-kit'
import { type CondensationConfig, defaultErrorKeywords } from '../config/condensation-schema.ts'
import type { AttemptFault } from '../exchange/transfer.ts'

/** Sees in a fault what the configured keywords say of it; returns the fault itself when they say nothing. */
export type ErrorKeywords = (fault: AttemptFault) => AttemptFault

/** Elsewhere the words may be an echo of the prompt. */
const statuses: ReadonlySet<number> = new Set([400, 413, 422, 500])

/** What a text that nobody knows is classified as. Of a refused key, a filter or a rate limit the kind is certain. */
const uncertain: ReadonlySet<FaultKind> = new Set(['invalid_request', 'upstream', 'bad_response'])

/**
 * `condensation.error_keywords`, compiled once for a configuration; `undefined` when there is nothing to look for. A default keyword
 * means what it means everywhere; one of the operator's own also stands above the texts that are known to mean something else.
 */
export function errorKeywords(condensation: CondensationConfig | undefined): ErrorKeywords | undefined {
  if (condensation?.enabled !== true || condensation.error_keywords.length === 0) return undefined
  const keywords = [...new Set(condensation.error_keywords.map((keyword) => keyword.toLowerCase()))]
  const own = keywords.filter((keyword) => !defaultErrorKeywords.includes(keyword))
  const usual = keywords.filter((keyword) => defaultErrorKeywords.includes(keyword))
  return (fault) => {
    const neverFits = fitsNowhere(fault)
    if (!neverFits && !mayTell(fault)) return fault
    const text = `${fault.code ?? ''} ${fault.message}`.toLowerCase()
    const said = (keyword: string): boolean => text.includes(keyword)
    if (own.some(said) || (!neverFits && usual.some(said) && isContextLength(text)))
      return contextFault(fault)
    return fault
  }
}

function mayTell({ kind, inBand, status, thrown }: AttemptFault): boolean {
  if (!uncertain.has(kind) || thrown !== undefined) return false
  return inBand === true || (status !== undefined && statuses.has(status))
}

/** Larger than the whole limit of the account, whatever its status: no wait makes room for it, but a shorter prompt may. */
function fitsNowhere({ kind, code }: AttemptFault): boolean {
  return kind === 'quota_exhausted' && code === 'request_too_large'
}

/** Nothing to wait for. */
function contextFault({ retryAfterMs: _wait, ...fault }: AttemptFault): AttemptFault {
  return { ...fault, kind: 'context_length' }
}

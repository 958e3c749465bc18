import type { HeaderMap } from '@llmproxy/provider-kit'
import type { Condensed } from './metrics/condensation.ts'

export interface RoutingFacts {
  readonly provider: string
  /** The upstream model. */
  readonly model: string
  /** Upstream requests made so far. */
  readonly attempts: number
  readonly overheadMs: number
  readonly dropped: ReadonlySet<string>
  /** Absent: the request was sent as it came. */
  readonly condensed?: Condensed | undefined
}

const droppedLimit = 2_048
/** Characters. Limits and the times when they end are short. */
const rateLimitLength = 256
const rateLimitHeader = /^(?:x|[a-z]+)-ratelimit-[a-z-]+$/

/**
 * The headers that say how a request was served, and what is passed on of the upstream's: nothing that `scrub`, which removes
 * the configured secrets from a text, would change.
 */
export function answerHeaders(
  contentType: string,
  facts: RoutingFacts,
  upstream: HeaderMap,
  scrub: (text: string) => string,
): Record<string, string> {
  const headers: Record<string, string> = {
    'content-type': contentType,
    'x-llmproxy-provider': facts.provider,
    'x-llmproxy-model': headerValue(facts.model),
    'x-llmproxy-attempts': String(facts.attempts),
    'x-llmproxy-overhead-ms': facts.overheadMs.toFixed(2),
  }
  if (facts.dropped.size > 0)
    headers['x-llmproxy-dropped'] = headerValue([...facts.dropped].join(', ')).slice(0, droppedLimit)
  if (facts.condensed !== undefined) headers['x-llmproxy-condensed'] = condensedHeader(facts.condensed)
  for (const name of Object.keys(upstream)) {
    if (!isRateLimitHeader(name)) continue
    const value = upstream[name] ?? ''
    if (value.length <= rateLimitLength && scrub(value) === value) headers[name] = headerValue(value)
  }
  return headers
}

/** `summary; from=12000; to=900`: tokens. */
function condensedHeader({ kind, from, to }: Condensed): string {
  return `${kind}; from=${Math.round(from)}; to=${Math.round(to)}`
}

/** The vendor's own limits are worth passing on; everything else of its head (cookies, organisation, servers) stays here. */
function isRateLimitHeader(name: string): boolean {
  return rateLimitHeader.test(name)
}

/** Only printable ASCII may stand in a header: model names and field paths come from outside. */
export function headerValue(text: string): string {
  return /^[\x20-\x7e]*$/.test(text) ? text : text.replace(/[^\x20-\x7e]/g, '?')
}

export const eventStream = 'text/event-stream; charset=utf-8'
export const json = 'application/json; charset=utf-8'

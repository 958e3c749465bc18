import type { HeaderMap, Provider } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'

/** An answer without a `date` was sent now: waits that are given as dates count from it (RFC 9110, 6.6.1). */
export function dated(headers: HeaderMap, clock: Clock): HeaderMap {
  return headers['date'] === undefined ? { ...headers, date: new Date(clock.epoch()).toUTCString() } : headers
}

/** The upstream asks not to be asked again. */
export function refusal(headers: HeaderMap): { readonly refusesRetry?: true } {
  return headers['x-should-retry'] === 'false' ? { refusesRetry: true } : {}
}

/**
 * The body is one JSON value, whatever was asked for. `framed`: the vendor's streams are no SSE, and names such as
 * `application/stream+json` are theirs.
 */
export function isJson(headers: HeaderMap, framed = false): boolean {
  const type = headers['content-type'] ?? ''
  return framed ? /^\s*application\/json\s*(?:;|$)/i.test(type) : /\bjson\b/i.test(type)
}

/** The head of an answer, and the vendor's limits by the names that OpenAI's clients read. A provider that fails at it adds none. */
export function namedLimits(provider: Provider, headers: HeaderMap, clock: Clock): HeaderMap {
  if (provider.rateLimits === undefined) return headers
  try {
    return { ...headers, ...provider.rateLimits(headers, clock.epoch()) }
  } catch {
    return headers
  }
}

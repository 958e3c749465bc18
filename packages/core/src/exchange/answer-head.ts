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

/** The body is one JSON value, whatever was asked for. */
export function isJson(headers: HeaderMap): boolean {
  return /\bjson\b/i.test(headers['content-type'] ?? '')
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

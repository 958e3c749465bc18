import type { HeaderMap } from '@llmproxy/provider-kit'

/** Headers as undici gives them. */
export type ReceivedHeaders = Record<string, string | string[] | undefined>

/** A header that came more than once is one value, joined as HTTP says. Changes `headers`. */
export function singleValues(headers: ReceivedHeaders): HeaderMap {
  for (const name of Object.keys(headers)) {
    const value = headers[name]
    if (Array.isArray(value)) headers[name] = value.join(', ')
  }
  return headers as HeaderMap
}

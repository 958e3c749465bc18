import type { HeaderMap, Provider } from '@llmproxy/provider-kit'

const none: HeaderMap = {}

/** The headers of a client that a provider wants to see. */
export function allowedHeaders({ clientHeaders }: Provider, headers: HeaderMap): HeaderMap {
  if (clientHeaders === undefined) return none
  const allowed: Record<string, string> = {}
  for (const name of clientHeaders) {
    const value = headers[name]
    if (value !== undefined) allowed[name] = value
  }
  return allowed
}

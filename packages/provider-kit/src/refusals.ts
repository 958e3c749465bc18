import { ProviderFault } from './fault.ts'
import type { JsonObject } from './frame-rules-shape.ts'

/** A request that the vendor would refuse, refused before a call is spent. `param` is the JSON path in the client's body; 400. */
export function refuse(param: string, message: string): ProviderFault {
  return new ProviderFault({ kind: 'invalid_request', message: `${param}: ${message}`, param })
}

/** A request that this provider cannot serve but another one may: it is asked next. 501 when there is none. */
export function notOffered(param: string, message: string): ProviderFault {
  return new ProviderFault({ kind: 'unsupported', message: `${param}: ${message}`, param })
}

/** An answer that cannot be read; never blamed on the client. */
export function badResponse(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message: `upstream answer is malformed: ${message}` })
}

/** A required string member, or a refusal that names its path. */
export function stringAt(container: JsonObject, name: string, path: string): string {
  const value = container[name]
  if (typeof value !== 'string') throw refuse(`${path}.${name}`, `must be a string, found ${kindOf(value)}`)
  return value
}

/** What a value is, for messages. */
export function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a value of type ${typeof value}`
}

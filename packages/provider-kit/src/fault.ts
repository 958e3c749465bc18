/**
 * Every way in which an upstream can fail. What follows from each kind (status, retry, fallback, breaker) is decided by
 * one table in the gateway; a provider only classifies.
 */
export const faultKinds = [
  'invalid_request',
  'context_length',
  'content_filter',
  'model_not_found',
  'unsupported',
  'authentication',
  'quota_exhausted',
  'rate_limit',
  'overloaded',
  'upstream',
  'timeout',
  'network',
  'bad_response',
  'cancelled',
] as const

export type FaultKind = (typeof faultKinds)[number]

/** A classified failure. */
export interface Fault {
  readonly kind: FaultKind
  /** For people; must not contain credentials. */
  readonly message: string
  /** The vendor's machine code, when it is a word. */
  readonly code?: string | null
  /** The request field at fault, as a JSON path. */
  readonly param?: string | null
  /** How long the vendor asks to wait, in milliseconds. */
  readonly retryAfterMs?: number
  /** The upstream's HTTP status, when there was one. */
  readonly status?: number
}

const brand = Symbol.for('llmproxy.ProviderFault')

/** Thrown by providers and by the gateway for a classified upstream failure. Branded: `is()` works across installed copies. */
export class ProviderFault extends Error {
  readonly fault: Fault

  constructor(fault: Fault, options?: ErrorOptions) {
    super(fault.message, options)
    this.name = 'ProviderFault'
    this.fault = fault
    Object.defineProperty(this, brand, { value: true })
  }

  static is(value: unknown): value is ProviderFault {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }
}

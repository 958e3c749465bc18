import type { ErrorEnvelope, HeaderMap } from '@llmproxy/provider-kit'

export interface GatewayErrorOptions {
  readonly param?: string | null
  readonly code?: string | null
  readonly headers?: HeaderMap
  readonly details?: unknown
}

const brand = Symbol.for('llmproxy.GatewayError')

/** An error that the client may see: status, OpenAI type and code, and a message that names the thing and the remedy. */
export class GatewayError extends Error {
  readonly status: number
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  readonly headers: HeaderMap
  readonly details: unknown

  constructor(status: number, type: string, message: string, options: GatewayErrorOptions = {}) {
    super(message)
    this.name = 'GatewayError'
    this.status = status
    this.type = type
    this.param = options.param ?? null
    this.code = options.code ?? null
    this.headers = options.headers ?? {}
    this.details = options.details
    Object.defineProperty(this, brand, { value: true })
  }

  static is(value: unknown): value is GatewayError {
    return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true
  }

  /** The answer's body. */
  envelope(): ErrorEnvelope {
    const { message, type, param, code, details } = this
    return { error: { message, type, param, code, ...(details === undefined ? {} : { details }) } }
  }
}

/** 400: the client's body or a field of it. `param` is the JSON path. */
export function invalidRequest(
  message: string,
  param: string | null = null,
  code: string | null = null,
): GatewayError {
  return new GatewayError(400, 'invalid_request_error', message, { param, code })
}

import type { OperationName } from '@llmproxy/provider-kit'

/** Route settings that the hooks read. A route without `access` asks for a key. */
export interface RouteAccess {
  /** `open`: no key is asked for and no rate limit applies. */
  readonly access?: 'key' | 'open'
  /** Set on the routes that reach a model. */
  readonly operation?: OperationName
}

declare module 'fastify' {
  interface FastifyContextConfig extends RouteAccess {}

  interface FastifyRequest {
    /** `clock.now()` when the request's headers had arrived. */
    startedAt: number
    /** Name or digest of the client key; `anonymous` when no keys are configured; empty before authentication. */
    caller: string
  }
}

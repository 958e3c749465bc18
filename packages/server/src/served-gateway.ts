import type { Egress, Ingress, Outcome } from '@llmproxy/core'

/** What the HTTP server needs of a gateway; `createGateway()` of `@llmproxy/core` returns one. */
export interface ServedGateway {
  /** Never rejects: writes the answer, errors included, and settles when its body has ended. */
  handle(ingress: Ingress, egress: Egress): Promise<Outcome>
  models(caller?: string): ServedModels
  health(): { readonly status: 'healthy' | 'degraded' | 'unhealthy' }
  providers(): object
  metrics(): object
  /** The metrics in the Prometheus text format. */
  prometheus(): string
  ready(): boolean
  /** Replaces every configured secret in a text by a mark. */
  scrub(text: string): string
  /** Ends running requests with an in-band error, then the sockets. */
  close(): Promise<void>
}

export interface ServedModels {
  readonly object: 'list'
  readonly data: readonly { readonly id: string }[]
}

import type { HeaderMap, OperationName } from '@llmproxy/provider-kit'

/** What the client sent. The bytes are kept: same-format upstreams get them as they are. */
export interface Ingress {
  /** The request id that is shown to the client and logged. */
  readonly id: string
  readonly operation: OperationName
  readonly bytes: Buffer
  /** The parsed bytes, checked by `parseBody()`. Never modified. */
  readonly body: IngressBody
  /** Who asks, for accounting: the name or digest of the key, never the key. `anonymous` without keys. */
  readonly caller: string
  /** Lower-case client headers. Only those a provider names in `clientHeaders` ever leave. */
  readonly headers: HeaderMap
  /** `clock.now()` when the request arrived. */
  readonly startedAt: number
}

/** The members that routing reads; everything else is the provider's business. */
export interface IngressBody {
  readonly model: string
  readonly stream?: boolean | null
  readonly stream_options?: { readonly include_usage?: boolean | null } | null
  readonly [member: string]: unknown
}

import type { HeaderMap } from '@llmproxy/provider-kit'

/** Where an answer goes: a socket in the server, a collector in process. Set `onDrain` and `onGone` before `head()`. */
export interface Egress {
  /** Status and headers, exactly once, before anything is written. */
  head(status: number, headers: HeaderMap): void
  /** `false`: full, wait for `onDrain`. */
  write(bytes: Uint8Array | string): boolean
  /** The whole answer is written. After `head()`, exactly once. */
  end(bytes?: Uint8Array | string): void
  /** True once the client has left before `end()` was flushed. */
  readonly gone: boolean
  onDrain: (() => void) | undefined
  /** The client left before the answer was complete. Called at most once. */
  onGone: (() => void) | undefined
}

/** What a process holds after a collection. */
export interface ProcessState {
  /** Bytes of live JavaScript objects. */
  readonly heapUsed: number
  /** Bytes outside of the heap that live objects hold: buffers. */
  readonly external: number
  readonly rss: number
  /** What keeps the event loop alive, by kind, as `process.getActiveResourcesInfo()` names it. */
  readonly handles: Readonly<Record<string, number>>
}

/** Open sockets of clients and upstreams. */
export function sockets({ handles }: ProcessState): number {
  return handles['TCPSocketWrap'] ?? 0
}

export function openHandles({ handles }: ProcessState): number {
  return Object.values(handles).reduce((sum, count) => sum + count, 0)
}

import type { MockClock } from './clock.ts'

/** One request that the mock server got, and what became of the answer. */
export interface RecordedRequest {
  readonly method: string
  /** Path and query, as sent. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The bytes of the body. */
  readonly body: Buffer
  /** When the body was complete; monotonic milliseconds (`performance.now()` unless a clock was injected). */
  readonly receivedAt: number
  /** When the answer was finished or the connection closed; absent while it goes on. Same clock. */
  closedAt?: number
  /** Of the answer; absent until its head is sent, and when there is none. */
  status?: number
  /** Body bytes handed to the socket so far. */
  bytesWritten: number
  /** The client left before the answer was complete. */
  aborted: boolean
}

/** Records hold no more body bytes than this together, whatever their number. */
const mostBytes = 256 * 1024 * 1024

interface Waiting {
  readonly predicate: (record: RecordedRequest) => boolean
  readonly found: (record: RecordedRequest) => void
  readonly closed: () => void
}

/** Keeps the last requests, and wakes those who wait for one. */
export class Recorder {
  /** Oldest first. The same array for the whole life of the server. */
  readonly requests: RecordedRequest[] = []
  readonly #limit: number
  readonly #clock: MockClock
  readonly #waiting = new Set<Waiting>()
  #bytes = 0

  constructor(limit: number, clock: MockClock) {
    this.#limit = limit
    this.#clock = clock
  }

  add(record: RecordedRequest): void {
    this.requests.push(record)
    this.#bytes += record.body.byteLength
    while (this.requests.length > this.#limit || (this.#bytes > mostBytes && this.requests.length > 1)) {
      this.#bytes -= this.requests.shift()?.body.byteLength ?? 0
    }
    this.changed(record)
  }

  /** To be called after `record` was modified. */
  changed(record: RecordedRequest): void {
    for (const waiting of this.#waiting) if (waiting.predicate(record)) waiting.found(record)
  }

  reset(): void {
    this.requests.length = 0
    this.#bytes = 0
  }

  /** Rejects everyone who still waits. */
  close(): void {
    for (const waiting of this.#waiting) waiting.closed()
    this.#waiting.clear()
  }

  /** The first record, kept or to come, that fits. Rejects after `timeoutMs`. */
  waitFor(predicate: (record: RecordedRequest) => boolean, timeoutMs: number): Promise<RecordedRequest> {
    const known = this.requests.find((record) => predicate(record))
    if (known) return Promise.resolve(known)
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        predicate,
        closed: () => {
          this.#clock.cancel(timer)
          reject(new Error('the mock server was closed'))
        },
        found: (record) => {
          this.#clock.cancel(timer)
          this.#waiting.delete(waiting)
          resolve(record)
        },
      }
      const timer = this.#clock.after(timeoutMs, () => {
        this.#waiting.delete(waiting)
        reject(new Error(`no request fitted within ${timeoutMs} ms; ${this.requests.length} were recorded`))
      })
      this.#waiting.add(waiting)
    })
  }
}

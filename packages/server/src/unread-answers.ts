import type { ServerResponse } from 'node:http'
import type { ServerLog } from './log/logger.ts'

export interface UnreadLimits {
  /** Milliseconds that a client may refuse to read before its connection is cut; 0: no limit. */
  writeTimeoutMs(): number
  /** Bytes of all answers together that may wait for their clients. Default: 256 MiB. */
  readonly mostBytes?: number
  /** A client that reads, but slower, is cut as well: else a byte now and then would hold an answer for ever. Default: 8 KiB. */
  readonly bytesPerSecond?: number
}

const defaults = { mostBytes: 256 * 1024 * 1024, bytesPerSecond: 8 * 1024 }

/** Answers that their clients have not taken yet. */
export class UnreadAnswers {
  readonly #limits: Required<UnreadLimits>
  readonly #log: Pick<ServerLog, 'info'>
  /** Oldest first. */
  readonly #waiting = new Map<ServerResponse, { readonly bytes: number; timer?: NodeJS.Timeout }>()
  readonly #guarded = new WeakSet<ServerResponse>()
  #bytes = 0

  constructor(limits: UnreadLimits, log: Pick<ServerLog, 'info'>) {
    this.#limits = { ...defaults, ...limits }
    this.#log = log
  }

  /**
   * What was written to `answer` waits: until `taken()` it is cut when nothing of it is read for `writeTimeoutMs`, when
   * it is read too slowly, or when too much waits in all and it waits longest.
   */
  waits(answer: ServerResponse, bytes = answer.writableLength): void {
    this.taken(answer)
    this.#waiting.set(answer, { bytes })
    this.#bytes += bytes
    if (!this.#guarded.has(answer)) this.#guard(answer)
    // An answer behind another one on its connection has no socket yet: nobody could read it.
    if (answer.socket === null) answer.once('socket', () => this.#limitTime(answer))
    else this.#limitTime(answer)
    this.#makeRoom(answer)
  }

  /** The client has taken all of it, or has left. */
  taken(answer: ServerResponse): void {
    const entry = this.#waiting.get(answer)
    if (entry === undefined) return
    clearTimeout(entry.timer)
    if (answer.socket !== null) answer.setTimeout(0)
    this.#waiting.delete(answer)
    this.#bytes -= entry.bytes
  }

  #guard(answer: ServerResponse): void {
    this.#guarded.add(answer)
    answer.once('timeout', () => this.#cut(answer, 'write_timeout'))
    answer.once('close', () => this.taken(answer))
  }

  /** The timer of the socket starts anew whenever the kernel takes bytes, but also when the client sends some: so there are two. */
  #limitTime(answer: ServerResponse): void {
    const entry = this.#waiting.get(answer)
    const { bytesPerSecond } = this.#limits
    const writeTimeoutMs = this.#limits.writeTimeoutMs()
    if (entry === undefined || writeTimeoutMs === 0) return
    answer.setTimeout(writeTimeoutMs)
    const wholeMs = writeTimeoutMs + (entry.bytes / bytesPerSecond) * 1000
    entry.timer = setTimeout(() => this.#cut(answer, 'too_slow'), wholeMs)
  }

  #makeRoom(newest: ServerResponse): void {
    for (const answer of this.#waiting.keys()) {
      if (this.#bytes <= this.#limits.mostBytes || answer === newest) return
      this.#cut(answer, 'too_much_unread')
    }
  }

  #cut(answer: ServerResponse, reason: string): void {
    const entry = this.#waiting.get(answer)
    if (entry === undefined) return
    this.#log.info(
      { request_id: answer.getHeader('x-request-id'), reason, unread_bytes: entry.bytes },
      'client cut off',
    )
    this.taken(answer)
    answer.destroy()
  }
}

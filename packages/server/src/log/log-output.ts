import { write, writeSync } from 'node:fs'
import type { LineSink } from './line-gatherer.ts'

export interface LogOutputOptions {
  /** Told once for each outage. Default: nobody. */
  readonly complain?: ((line: string) => void) | undefined
  /** How complaints name the output. */
  readonly name: string
  /** Instead of `fs.write`. */
  readonly write?: typeof write
  /** Bytes that may wait; above them lines are lost, because an output that is stuck must not fill the memory. Default: 64 MiB. */
  readonly pendingBytes?: number
}

// A pipe whose reader is slow is tried again soon, a disk that is full once a second.
const busyMs = 50
const brokenMs = 1_000
// What a process that ends waits for an output that does not take its last lines.
const exitMs = 200

/**
 * Writes log text to a file descriptor, in order and without ever waiting for it. An output that takes nothing loses no line until too
 * many wait: a full disk must neither stop the server nor its log for good.
 */
export class LogOutput implements LineSink {
  readonly #descriptor: number
  readonly #options: LogOutputOptions
  readonly #pending: Buffer[] = []
  #bytes = 0
  /** A write is on its way, or is waited with. */
  #busy = false
  /** Complained of. */
  #broken = false
  /** Its reader has left for good. */
  #gone = false
  #flushed: (() => void)[] = []

  constructor(descriptor: number, options: LogOutputOptions) {
    this.#descriptor = descriptor
    this.#options = options
  }

  write(text: string): boolean {
    const { pendingBytes = 64 * 1024 * 1024 } = this.#options
    if (this.#gone || this.#bytes > pendingBytes) return false
    const bytes = Buffer.from(text)
    if (this.#pending.length === 0) process.on('exit', this.#lastWords)
    this.#pending.push(bytes)
    this.#bytes += bytes.length
    this.#next()
    return true
  }

  flush(done: () => void): void {
    if (this.#pending.length === 0) done()
    else this.#flushed.push(done)
  }

  #next(): void {
    const [first] = this.#pending
    if (this.#busy || first === undefined) return
    this.#busy = true
    const { write: writeBytes = write } = this.#options
    writeBytes(this.#descriptor, first, (error, written) => {
      if (error !== null) return this.#failed(error)
      this.#busy = false
      this.#broken = false
      this.#taken(written)
      this.#next()
    })
  }

  /** So many bytes have left. */
  #taken(written: number): void {
    const [first] = this.#pending
    if (first === undefined) return
    this.#bytes -= written
    if (written < first.length) this.#pending[0] = first.subarray(written)
    else this.#pending.shift()
    if (this.#pending.length === 0) this.#drained()
  }

  #failed(error: NodeJS.ErrnoException): void {
    // Whoever stops reading gets no complaint.
    if (error.code === 'EPIPE') return this.#giveUp()
    const busy = error.code === 'EAGAIN' || error.code === 'EBUSY'
    if (!busy && !this.#broken) {
      this.#broken = true
      this.#options.complain?.(
        `${this.#options.name} cannot be written (${error.code ?? 'unknown reason'}): lines wait for it, and are lost when too many do`,
      )
    }
    const again = setTimeout(
      () => {
        this.#busy = false
        this.#next()
      },
      busy ? busyMs : brokenMs,
    )
    // What takes nothing must not keep a process alive that has nothing else to do.
    if (!busy) again.unref()
  }

  #giveUp(): void {
    this.#gone = true
    this.#pending.length = 0
    this.#bytes = 0
    this.#drained()
  }

  #drained(): void {
    process.off('exit', this.#lastWords)
    const flushed = this.#flushed
    this.#flushed = []
    for (const done of flushed) done()
  }

  readonly #lastWords = (): void => {
    const deadline = performance.now() + exitMs
    const pause = new Int32Array(new SharedArrayBuffer(4))
    while (this.#pending.length > 0) {
      try {
        this.#taken(writeSync(this.#descriptor, this.#pending[0]!))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN' || performance.now() > deadline) return
        Atomics.wait(pause, 0, 0, 10)
      }
    }
  }
}

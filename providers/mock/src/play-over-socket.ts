import type { ServerResponse } from 'node:http'
import type { MockClock } from './clock.ts'
import type { Script, Step } from './script.ts'

/** What happens to the bytes of one answer. */
export interface PlaybackEvents {
  began(status: number): void
  /** Body bytes handed to the socket. */
  wrote(bytes: number): void
  /** The connection is closed by the mock, not by the client. */
  closedByMock(): void
}

/** Plays a script over one response: `next()` runs until it must wait for time, for the socket, or for ever. */
export class Playback {
  readonly #steps: Iterator<Step>
  readonly #response: ServerResponse
  readonly #clock: MockClock
  readonly #events: PlaybackEvents
  #timer: unknown
  #stopped = false

  constructor(script: Script, response: ServerResponse, clock: MockClock, events: PlaybackEvents) {
    this.#steps = script[Symbol.iterator]()
    this.#response = response
    this.#clock = clock
    this.#events = events
  }

  /** The client has left, or the server closes: nothing more is sent. */
  stop(): void {
    this.#stopped = true
    if (this.#timer !== undefined) this.#clock.cancel(this.#timer)
  }

  next(): void {
    while (!this.#stopped) {
      const { value: step, done } = this.#steps.next()
      if (done) {
        this.#response.end()
        return
      }
      if (!this.#play(step)) return
    }
  }

  /** Whether the next step may follow at once. */
  #play(step: Step): boolean {
    switch (step.kind) {
      case 'head':
        this.#events.began(step.status)
        this.#response.writeHead(step.status, step.headers)
        return true
      case 'bytes':
        return this.#write(step.bytes)
      case 'wait':
        this.#flush()
        this.#wait(step.milliseconds)
        return false
      case 'cut':
        this.#cut()
        return false
      case 'hang':
        this.#flush()
        return false
      case 'refuse':
        this.#events.closedByMock()
        this.#response.socket?.resetAndDestroy()
        return false
      default:
        step satisfies never
        return false
    }
  }

  #wait(milliseconds: number): void {
    // Nothing to wait for but the next turn of the event loop; a timer would take a millisecond.
    if (milliseconds === 0) setImmediate(() => this.next())
    else this.#timer = this.#clock.after(milliseconds, () => this.next())
  }

  #write(bytes: Uint8Array): boolean {
    this.#events.wrote(bytes.byteLength)
    if (this.#response.write(bytes)) return true
    this.#response.once('drain', () => this.next())
    return false
  }

  /** Headers alone would otherwise stay in memory until the first byte of the body. */
  #flush(): void {
    if (this.#response.headersSent) this.#response.flushHeaders()
  }

  /** Ends the connection after what was written: destroying it at once would lose bytes that are still queued. */
  #cut(): void {
    this.#flush()
    this.#events.closedByMock()
    const { socket } = this.#response
    // Node joins the chunks of one tick and hands them to the socket after it.
    setImmediate(() => socket?.end(() => socket.destroy()))
  }
}

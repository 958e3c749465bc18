import { type Clock, type Peers, readPause, type RedisTarget, type SharedPause } from '@llmproxy/core'
import { reasonOf, StoreConnection } from './connection.ts'
import type { StoreGuard } from './guard.ts'

export interface SharedPausesOptions {
  readonly guard: Pick<StoreGuard, 'ask'>
  /** For the connection that listens, which can do nothing else. */
  readonly target: RedisTarget
  readonly prefix: string
  /** Of this instance, so that it does not hear itself. */
  readonly id: string
  readonly clock: Clock
}

/** Pauses that are kept for instances that come later; of more, those that end soonest are forgotten. */
const mostPauses = 1_000

/** Milliseconds between two signs of life that the listening connection asks for; and until it tries again when it was refused. */
const pulseMs = 15_000

/**
 * Pauses of providers, told to other instances as they begin, and kept in the store until they end, for those that start or come
 * back later. Nobody waits for any of it.
 */
export class SharedPauses implements Peers {
  /** Called when the store answers and does not let this instance hear the others; once, until it did. */
  onDeaf: ((reason: string) => void) | undefined
  readonly #options: SharedPausesOptions
  readonly #connection: StoreConnection
  readonly #channel: string
  readonly #key: string
  #hear: (pause: SharedPause) => void = () => undefined
  #pulse: unknown
  #deaf = false

  constructor(options: SharedPausesOptions) {
    const { prefix, target, clock } = options
    this.#options = options
    this.#channel = `${prefix}pauses`
    this.#key = `${prefix}pauses`
    this.#connection = new StoreConnection(target, {
      ready: () => void this.#listen(),
      lost: () => clock.cancel(this.#pulse),
    })
    this.#connection.client.on('message', (_channel: string, text: string) => this.#told(text))
  }

  tell(pause: SharedPause): void {
    const { guard, id } = this.#options
    const { forMs, ...what } = pause
    if (forMs < 1) return
    // Always in the same order: the text is the pause's name in the store.
    const kept = JSON.stringify(what, Object.keys(what).toSorted())
    const message = `${id} ${JSON.stringify(pause)}`
    void guard.ask((client) =>
      client.llmproxyPause(this.#key, kept, Math.ceil(forMs), this.#channel, message, mostPauses),
    )
  }

  listen(hear: (pause: SharedPause) => void): void {
    this.#hear = hear
  }

  /** Connects in the background. */
  open(): void {
    this.#connection.open()
  }

  close(): Promise<void> {
    this.#options.clock.cancel(this.#pulse)
    this.#hear = () => undefined
    return this.#connection.close()
  }

  /** What is in force is asked for first: a connection that listens can ask nothing any more. */
  async #listen(): Promise<void> {
    const { client } = this.#connection
    this.#beat()
    const known = client.llmproxyPauses(this.#key, mostPauses)
    // Both leave at once, so hardly anything is told between the two.
    const listening = client.subscribe(this.#channel)
    await Promise.all([known, listening]).then(
      ([pauses]) => {
        this.#deaf = false
        this.#learn(pauses)
      },
      (error: Error) => this.#refused(error),
    )
  }

  #refused(error: Error): void {
    // Of a connection that is lost, the next one decides.
    if (!this.#connection.ready || this.#deaf) return
    this.#deaf = true
    this.onDeaf?.(reasonOf(error))
  }

  #learn(pauses: unknown): void {
    if (!Array.isArray(pauses)) return
    for (let index = 0; index + 1 < pauses.length; index += 2) {
      const [text, forMs] = [pauses[index] as unknown, Number(pauses[index + 1])]
      if (typeof text !== 'string' || !text.endsWith('}')) continue
      this.#heard(`${text.slice(0, -1)},"forMs":${forMs}}`)
    }
  }

  #told(text: string): void {
    const space = text.indexOf(' ')
    if (text.slice(0, space) !== this.#options.id) this.#heard(text.slice(space + 1))
  }

  #heard(text: string): void {
    const pause = readPause(text)
    if (pause !== undefined) this.#hear(pause)
  }

  /** A connection that only listens would never notice that it is dead. */
  #beat(): void {
    const { clock } = this.#options
    clock.cancel(this.#pulse)
    this.#pulse = clock.after(pulseMs, () => {
      if (!this.#connection.ready) return
      if (this.#deaf) return this.#connection.renew()
      this.#connection.client.ping().catch(() => undefined)
      this.#beat()
    })
  }
}

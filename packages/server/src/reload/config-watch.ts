import type { ConfigSource, Reading, Stamp } from './reading.ts'

export interface WatchOptions {
  readonly source: ConfigSource
  /** Digest of what is in use. */
  readonly digest: string
  /** Milliseconds from one look to the next, asked after each; 0: none but those that are asked for. */
  readonly intervalMs: () => number
  /** Something else is there than before. Called one after the other; must not reject. */
  readonly changed: (reading: Reading) => Promise<void>
  /** Milliseconds since the epoch. Default: the system's. */
  readonly epoch?: () => number
  /** Runs `callback` once after so long; the result takes it back. Default: a timer that keeps no process alive. */
  readonly later?: (milliseconds: number, callback: () => void) => () => void
}

/** A file that has changed is looked at again so soon: one that is still being written has changed again by then. */
const settleMs = 250

/**
 * Two changes within the resolution of a file system's clock look like one, so what was read a moment after a change is read again
 * even if it looks untouched. FAT counts in steps of two seconds.
 */
const coarsestClockMs = 2_500

/**
 * Looks at a configuration file again and again. By its content, not by notifications of the file system: those do not exist for
 * files that are mounted into a container one by one, on network drives, and for links that are pointed elsewhere.
 */
export class ConfigWatch {
  readonly #options: WatchOptions
  #looks: Promise<void> = Promise.resolve()
  #asked: Promise<void> | undefined
  /** What the file system said before the last reading. */
  #stamp: Stamp | undefined
  /** Whether that reading was late enough after the last change for a further one to show. */
  #trusted = false
  /** Digest of what was last told. */
  #told: string
  /** Digest that was seen once: told when the next look sees it as well. */
  #candidate: Reading | undefined
  #takeBack: (() => void) | undefined
  #closed = false

  constructor(options: WatchOptions) {
    this.#options = options
    this.#told = options.digest
    this.#schedule()
  }

  /** Looks at once, and tells what is there even if it is what was there before. Resolves when it has been dealt with. */
  now(): Promise<void> {
    // Whoever asks while nobody has looked yet gets what that look will see.
    return (this.#asked ??= this.#queue(() => {
      this.#asked = undefined
      return this.#lookNow()
    }))
  }

  /** No further looks. What is being dealt with goes on. */
  close(): void {
    this.#closed = true
    this.#takeBack?.()
  }

  /** Looks never overlap, and what they find is dealt with before the next. */
  #queue(look: () => Promise<void>): Promise<void> {
    this.#takeBack?.()
    this.#looks = this.#looks.then(async () => {
      if (this.#closed) return
      await look()
      this.#schedule()
    })
    return this.#looks
  }

  #schedule(): void {
    const { intervalMs, later = systemLater } = this.#options
    const interval = intervalMs()
    this.#takeBack?.()
    if (interval === 0 || this.#closed) return
    // What cannot be read may be on its way from one name to another: that gets the whole time.
    const soon = this.#candidate?.kind === 'texts'
    this.#takeBack = later(soon ? Math.min(interval, settleMs) : interval, () => {
      void this.#queue(() => this.#look())
    })
  }

  async #lookNow(): Promise<void> {
    await this.#tell(await this.#read(await this.#options.source.stamp()))
  }

  async #look(): Promise<void> {
    const stamp = await this.#options.source.stamp()
    const untouched = this.#trusted && stamp.text === this.#stamp?.text
    if (untouched && this.#candidate === undefined) return
    const reading = await this.#read(stamp)
    if (reading.digest === this.#told) this.#candidate = undefined
    else if (reading.digest === this.#candidate?.digest) await this.#tell(reading)
    else this.#candidate = reading
  }

  /** `stamp`: from before, so that what is changed meanwhile looks different the next time. */
  #read(stamp: Stamp): Promise<Reading> {
    const { source, epoch = Date.now } = this.#options
    this.#stamp = stamp
    this.#trusted = epoch() - stamp.changedAt > coarsestClockMs
    return source.read()
  }

  async #tell(reading: Reading): Promise<void> {
    this.#candidate = undefined
    this.#told = reading.digest
    await this.#options.changed(reading)
  }
}

/** Node runs a timer above this at once. */
const longestTimerMs = 2 ** 31 - 1

function systemLater(milliseconds: number, callback: () => void): () => void {
  const timer = setTimeout(callback, Math.min(milliseconds, longestTimerMs)).unref()
  return () => clearTimeout(timer)
}

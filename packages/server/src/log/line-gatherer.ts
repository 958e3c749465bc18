/** Where gathered lines go. */
export interface LineSink {
  /** `false`: the sink is full. */
  write(text: string): boolean
  /** Calls back when everything written has left. */
  flush(done: () => void): void
}

// Gathered up to this many characters, or this long, so that a busy server does not make one system call a line.
const gatheredCharacters = 16_384
const gatheredMilliseconds = 200

/**
 * Gathers log lines in front of a sink. Not left to the sink: it would concatenate and measure all gathered text again with
 * every line, which costs more than the line itself.
 */
export class LineGatherer {
  readonly #sink: LineSink
  #lines: string[] = []
  #characters = 0
  #timer: NodeJS.Timeout | undefined

  constructor(sink: LineSink) {
    this.#sink = sink
  }

  write(line: string): void {
    this.#lines.push(line)
    this.#characters += line.length
    if (this.#characters >= gatheredCharacters) this.#pass()
    else this.#timer ??= setTimeout(() => this.#pass(), gatheredMilliseconds).unref()
  }

  /** Resolves when every line so far is written. */
  flush(): Promise<void> {
    this.#pass()
    return new Promise((resolve) => this.#sink.flush(resolve))
  }

  #pass(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#lines.length === 0) return
    const text = this.#lines.join('')
    this.#lines = []
    this.#characters = 0
    this.#sink.write(text)
  }
}

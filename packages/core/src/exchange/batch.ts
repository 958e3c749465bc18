/** Collects the output of one upstream chunk, so that it leaves in one write. Neighbouring ranges of one buffer stay one. */
export class Batch {
  readonly #parts: Buffer[] = []
  #buffer: Buffer | undefined
  #start = 0
  #end = 0

  /** Bytes `start..end` of `buffer`, not copied. */
  add(buffer: Buffer, start: number, end: number): void {
    if (buffer === this.#buffer && start === this.#end) {
      this.#end = end
      return
    }
    this.#close()
    this.#buffer = buffer
    this.#start = start
    this.#end = end
  }

  addText(text: string): void {
    this.#close()
    this.#parts.push(Buffer.from(text))
  }

  /** Everything collected, or `undefined` when there is nothing. Starts anew. */
  take(): Buffer | undefined {
    this.#close()
    const parts = this.#parts
    if (parts.length === 0) return undefined
    const output = parts.length === 1 ? parts[0] : Buffer.concat(parts)
    parts.length = 0
    return output
  }

  #close(): void {
    const buffer = this.#buffer
    if (buffer === undefined) return
    this.#buffer = undefined
    if (this.#end > this.#start) this.#parts.push(buffer.subarray(this.#start, this.#end))
  }
}

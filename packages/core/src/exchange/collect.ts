/** Pieces that are kept as they come: usual answers have no more. */
const mostWhole = 64
/** Bytes. Smaller pieces are copied into pages of this size then. */
const pageSize = 64 * 1024

/**
 * Collects a body up to a limit. An upstream chooses how its answer is cut, and a piece of one byte costs a hundred: many small ones
 * are put together.
 */
export class Collector {
  readonly #chunks: Buffer[] = []
  readonly #limit: number
  #size = 0
  /** The last of the chunks, of which `#used` bytes are taken. */
  #page: Buffer | undefined
  #used = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** `false`: the limit is passed, and what goes beyond it is dropped. */
  add(chunk: Buffer): boolean {
    const room = this.#limit - this.#size
    this.#size += chunk.length
    if (room > 0) this.#keep(chunk.length > room ? chunk.subarray(0, room) : chunk)
    return this.#size <= this.#limit
  }

  bytes(): Buffer {
    this.#closePage()
    const [first] = this.#chunks
    if (first === undefined) return Buffer.alloc(0)
    return this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks)
  }

  #keep(chunk: Buffer): void {
    if (this.#chunks.length < mostWhole || chunk.length >= pageSize / 4) {
      this.#closePage()
      this.#chunks.push(chunk)
      return
    }
    if (this.#page === undefined || this.#used + chunk.length > pageSize) {
      this.#closePage()
      this.#page = Buffer.allocUnsafeSlow(pageSize)
      this.#chunks.push(this.#page)
    }
    this.#used += chunk.copy(this.#page, this.#used)
  }

  #closePage(): void {
    if (this.#page === undefined) return
    this.#chunks[this.#chunks.length - 1] = this.#page.subarray(0, this.#used)
    this.#page = undefined
    this.#used = 0
  }
}

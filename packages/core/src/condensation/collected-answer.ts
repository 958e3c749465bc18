import type { Egress } from '../egress.ts'

/** The answer to a request of the gateway's own. */
export class CollectedAnswer implements Egress {
  onDrain: (() => void) | undefined
  onGone: (() => void) | undefined
  gone = false
  readonly #pieces: Buffer[] = []

  head(): void {
    // Whether it is an answer is known from what `serve()` says.
  }

  write(bytes: Uint8Array | string): boolean {
    this.#pieces.push(Buffer.from(bytes as Uint8Array))
    return true
  }

  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined) this.write(bytes)
  }

  /** Nobody wants it any more. */
  leave(): void {
    if (this.gone) return
    this.gone = true
    this.onGone?.()
  }

  text(): string {
    return Buffer.concat(this.#pieces).toString('utf8')
  }
}

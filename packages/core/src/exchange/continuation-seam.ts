/** A text that was cut: what a model can continue from, and the rest, which only the client has. */
export interface SplitText {
  readonly prefill: string
  readonly tail: string
}

/**
 * Takes off what no model should be asked to continue from: white space, which some vendors refuse there and which belongs to the
 * first token of what follows, and half of a character that was cut into two deltas. `prefill + tail` is the text.
 */
export function splitText(text: string): SplitText {
  const whole = /[\uD800-\uDBFF]$/.test(text) ? text.slice(0, -1) : text
  const prefill = whole.trimEnd()
  return { prefill, tail: text.slice(prefill.length) }
}

/**
 * Joins a continuation to a text of which its model has not seen the tail. The model says the tail again, whole, in part or not at
 * all, in pieces of any size: as much of the tail as it repeats is taken off its front, and nothing else.
 */
export class Seam {
  #tail: string

  constructor(tail: string) {
    this.#tail = tail
  }

  /** What the client must still get of the next piece of the continuation. */
  join(piece: string): string {
    const tail = this.#tail
    let at = 0
    while (at < piece.length && at < tail.length && piece[at] === tail[at]) at++
    // The rest of the tail is waited for only while nothing else has come.
    this.#tail = at < piece.length ? '' : tail.slice(at)
    return piece.slice(at)
  }
}

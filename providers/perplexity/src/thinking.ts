/** A piece of an answer, taken apart. */
export interface Told {
  readonly reasoning: string
  readonly content: string
}

const opens = '<think>'
const closes = '</think>'

/**
 * Takes the `<think>` block at the beginning of an answer out of its text, however the text is cut. What could still be the
 * beginning of a tag is held back until more has come.
 */
export class ThinkSplitter {
  #place: 'start' | 'block' | 'answer' = 'start'
  #held = ''
  /** Blank lines behind a tag belong to neither side. */
  #skipBlank = false

  push(text: string): Told {
    this.#held += text
    const told = { reasoning: '', content: '' }
    if (this.#place === 'start') this.#begin()
    if (this.#place === 'block') told.reasoning = this.#think()
    if (this.#place === 'answer') told.content = this.#take(this.#held.length)
    return told
  }

  /** The answer is over: what was held back. */
  end(): Told {
    const rest = this.#take(this.#held.length)
    return this.#place === 'block' ? { reasoning: rest, content: '' } : { reasoning: '', content: rest }
  }

  #begin(): void {
    const text = this.#held.trimStart()
    if (text.startsWith(opens)) {
      this.#held = text.slice(opens.length)
      this.#place = 'block'
      this.#skipBlank = true
    } else if (!opens.startsWith(text)) this.#place = 'answer'
  }

  #think(): string {
    const end = this.#held.indexOf(closes)
    if (end === -1) return this.#take(this.#held.length - tailThatMayClose(this.#held))
    const reasoning = this.#take(end)
    this.#held = this.#held.slice(closes.length)
    this.#place = 'answer'
    this.#skipBlank = true
    return reasoning
  }

  #take(length: number): string {
    const taken = this.#held.slice(0, length)
    this.#held = this.#held.slice(length)
    if (!this.#skipBlank) return taken
    const text = taken.trimStart()
    this.#skipBlank = text === ''
    return text
  }
}

/** How many characters at the end could be the beginning of the closing tag. */
function tailThatMayClose(text: string): number {
  for (let length = Math.min(closes.length - 1, text.length); length > 0; length -= 1)
    if (text.endsWith(closes.slice(0, length))) return length
  return 0
}

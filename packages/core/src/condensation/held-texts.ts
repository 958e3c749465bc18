/** Characters that one summary is made of. No model could read more in as many calls as it may take. */
export const longestText = 16 * 1024 * 1024

/** Characters of all texts of which summaries are being made. Each is in memory about three times, beside the request that it comes from. */
const mostAtOnce = 64 * 1024 * 1024

/** Of it, what one caller may have: the others are to find room as well. */
const mostOfOne = mostAtOnce / 2

/** The texts of which summaries are being made: without a limit, large requests that wait for theirs would fill the memory. */
export class HeldTexts {
  #characters = 0
  readonly #ofCallers = new Map<string, number>()

  /** The result lets go of a text of so many characters; `undefined`: there is no room for it. */
  hold(caller: string, characters: number): (() => void) | undefined {
    const own = this.#ofCallers.get(caller) ?? 0
    if (own + characters > mostOfOne || this.#characters + characters > mostAtOnce) return undefined
    this.#add(caller, characters)
    let isHeld = true
    return () => {
      if (isHeld) this.#add(caller, -characters)
      isHeld = false
    }
  }

  #add(caller: string, characters: number): void {
    this.#characters += characters
    const own = (this.#ofCallers.get(caller) ?? 0) + characters
    if (own > 0) this.#ofCallers.set(caller, own)
    else this.#ofCallers.delete(caller)
  }
}

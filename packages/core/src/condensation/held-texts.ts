/** Characters that one summary is made of. No model could read more in as many calls as it may take. */
export const longestText = 16 * 1024 * 1024

/** Characters of all texts of which summaries are being made. Each is in memory about three times, beside the request that it comes from. */
const mostAtOnce = 64 * 1024 * 1024

/** The texts of which summaries are being made: without a limit, large requests that wait for theirs would fill the memory. */
export class HeldTexts {
  #characters = 0

  /** The result lets go of a text of so many characters; `undefined`: there is no room for it. */
  hold(characters: number): (() => void) | undefined {
    if (this.#characters + characters > mostAtOnce) return undefined
    this.#characters += characters
    let isHeld = true
    return () => {
      if (isHeld) this.#characters -= characters
      isHeld = false
    }
  }
}

import { messageOverhead } from './sizes-of.ts'
import type { Stays } from './stays.ts'

/** How much may stay word for word, in tokens. */
export interface Allowance {
  /** What stays may have so many when the cut is before the last turn, */
  readonly room: number
  /** but not more than so many, unless the last turn alone has. */
  readonly recent: number
  /** What stays of the last turn may have so many, when it is too large to stay as a whole. */
  readonly within: number
  /** Of that, as a share: less leaves room for what comes next, so that the same cut will do for some time. */
  readonly ease: number
  /** It is not known what the model takes: these are guesses. */
  readonly isGuess: boolean
}

/** What the allowance is made of, in tokens. */
export interface AllowanceInput {
  /** What the prompt may have; `undefined`: unknown. */
  readonly room: number | undefined
  /** What the prompt has beside its messages. */
  readonly fixed: number
  readonly recent: number
}

/** Half of what would fit, so that an agent's next steps find room. */
const ease = 1 / 2

/**
 * What may stay beside a summary of `summary` tokens. Where the room is unknown, all that is known is that the whole was too much: whole
 * turns may have most of it. A turn that has to be parted keeps a quarter, since it may be several times too large: it grows with each
 * step of an agent, and every request has it in full.
 */
export function allowanceOf(
  { room, fixed, recent }: AllowanceInput,
  { systemTokens, tokens }: Stays,
  summary: number,
): Allowance {
  if (room !== undefined) {
    const left = room - fixed - systemTokens - summary - messageOverhead
    return { room: left, recent, within: left, ease, isGuess: false }
  }
  const quarter = tokens / 4
  return { room: Math.max((tokens * 7) / 8 - summary, quarter), recent, within: quarter, ease, isGuess: true }
}

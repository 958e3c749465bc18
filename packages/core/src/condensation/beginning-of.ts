import { borderBefore } from './middle-cut.ts'
import type { Sizer } from './sizer.ts'

/** What a text begins with, at most `most` tokens of it; never half a character. */
export function beginningOf(text: string, most: number, sizer: Sizer): string {
  let kept = text
  for (let size = sizer.tokens(kept); size > most && kept !== ''; size = sizer.tokens(kept))
    kept = kept.slice(0, borderBefore(kept, Math.floor(kept.length * Math.min(0.95, most / size))))
  return kept
}

import type { Sizer } from './sizer.ts'

/** Below so many characters of a text only the mark stays. */
const fewest = 16

/**
 * A text of at most `most` tokens: its beginning and its end, with a mark between them that says how much is missing. The text itself
 * where it has no more than that; the mark alone where there is no room for more; never more tokens than before.
 */
export function middleCut(text: string, most: number, sizer: Sizer): string {
  const size = sizer.tokens(text)
  if (size <= most) return text
  let keep = Math.floor((text.length * Math.max(most, 0)) / size)
  for (;;) {
    const cut = without(text, keep)
    const cutSize = sizer.tokens(cut)
    if (cutSize <= most) return cut
    if (keep === 0) return cutSize < size ? cut : text
    keep = Math.floor(keep * Math.min(0.9, most / cutSize))
    if (keep < fewest) keep = 0
  }
}

/** Half of `keep` characters from either end; between code points, so that no half of one is left. */
function without(text: string, keep: number): string {
  const head = borderBefore(text, Math.ceil(keep / 2))
  const tail = borderAfter(text, text.length - Math.floor(keep / 2))
  const mark = `[… ${tail - head} characters left out …]`
  return keep === 0 ? mark : `${text.slice(0, head)}\n${mark}\n${text.slice(tail)}`
}

/** `at`, or the place before it when a code point stands across. */
export function borderBefore(text: string, at: number): number {
  return isAcross(text, at) ? at - 1 : at
}

/** `at`, or the place after it when a code point stands across. */
export function borderAfter(text: string, at: number): number {
  return isAcross(text, at) ? at + 1 : at
}

function isAcross(text: string, at: number): boolean {
  return at > 0 && at < text.length && text.codePointAt(at - 1)! > 0xffff
}

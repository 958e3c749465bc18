import type { Sizer } from './sizer.ts'

/** Below so many characters of a text only the mark stays. */
const fewest = 16

/** About the characters of a mark. */
const markLength = 40

/**
 * A text of at most `most` tokens: its beginning and its end, with a mark between them that says how much is missing. The text itself
 * where it has no more than that; the mark alone where there is no room for more; never more tokens than before.
 */
export function middleCut(text: string, most: number, sizer: Sizer): string {
  const size = sizer.tokens(text)
  if (size <= most) return text
  let keep = Math.max(0, Math.floor((text.length * most) / size) - markLength)
  for (let less = 0.02; ; less = Math.min(0.9, less * 2)) {
    const cut = without(text, keep)
    const cutSize = sizer.tokens(cut)
    if (cutSize <= most) return cut
    if (keep === 0) return cutSize < size ? cut : text
    keep = Math.floor(keep * Math.min(1 - less, most / cutSize))
    if (keep < fewest) keep = 0
  }
}

/** Half of `keep` characters from either end; between code points, so that no half of one is left. */
function without(text: string, keep: number): string {
  const head = borderBefore(text, Math.ceil(keep / 2))
  const tail = borderAfter(text, text.length - Math.floor(keep / 2))
  const mark = `[… ${lengthOf(text.slice(head, tail))} characters left out …]`
  return keep === 0 ? mark : `${text.slice(0, head)}\n${mark}\n${text.slice(tail)}`
}

const marks = /\n?\[… (\d{1,12}) characters left out …\]\n?/g

/** With what an earlier cut has left out of it. */
function lengthOf(part: string): number {
  let length = part.length
  if (!part.includes('[…')) return length
  for (const [mark, count] of part.matchAll(marks)) length += Number(count) - mark.length
  return length
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

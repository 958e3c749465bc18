/** What is asked of each piece of a text. */
export interface Fit {
  /** Of a piece, in any unit; larger for longer texts, more or less. */
  readonly size: (piece: string) => number
  /** Of every piece, at most. */
  readonly room: number
  /** Pieces at most: cutting stops where there would be more. */
  readonly most: number
}

/** A line with which `transcriptOf()` begins a turn. */
const turnBegins = '<turn '

/** Characters. Longer ones are not of our making. */
const longestHead = 256

/**
 * Cuts a text in order: where a turn begins if that is not too far from where a piece has to end, else between lines, else between words,
 * and never inside of a character. A piece that begins within a turn says in front of it whose turn it is. `undefined`: it takes more
 * than `most` pieces, or there is no room for any.
 */
export function piecesOf(text: string, fit: Fit): readonly string[] | undefined {
  const expected = expectedPieces(text, fit)
  if (expected === Infinity || expected > fit.most * tolerance || fit.most <= 0) return undefined
  const reach = Math.ceil((text.length / expected) * tolerance)
  const pieces: string[] = []
  let start = 0
  do {
    if (pieces.length === fit.most) return undefined
    const head = headOf(text, start)
    const length = pieceLength(head, text.slice(start), { ...fit, reach })
    if (length === 0 && text !== '') return undefined
    pieces.push(head + text.slice(start, start + length))
    start += length
  } while (start < text.length)
  return pieces
}

/** By how much a text's parts may differ from the whole. */
const tolerance = 1.25

/** If the text were alike everywhere; there need not be room for any. */
function expectedPieces(text: string, { size, room }: Fit): number {
  const [empty, whole] = [size(''), size(text)]
  if (whole <= room) return 1
  return room <= empty ? Infinity : Math.max(1, (whole - empty) / (room - empty))
}

/** The line that a piece from `start` on needs in front of it; `''` where a turn begins, and in texts without turns. */
function headOf(text: string, start: number): string {
  if (start === 0 || text.startsWith(turnBegins, start)) return ''
  const within = text.lastIndexOf(`\n${turnBegins}`, start - 1) + 1
  if (!text.startsWith(turnBegins, within)) return ''
  const end = text.indexOf('>', within)
  if (end === -1 || end >= start || end - within > longestHead) return ''
  return `${text.slice(within, end).replace(/, continued$/, '')}, continued>\n`
}

/** `reach`: characters that are probably too many, to measure less than all that is left. */
function pieceLength(
  head: string,
  rest: string,
  { size, room, reach }: Fit & { readonly reach: number },
): number {
  const sizeAt = (length: number) => size(head + rest.slice(0, length))
  let far = Math.min(reach, rest.length)
  let whole = sizeAt(far)
  while (whole <= room && far < rest.length) {
    far = Math.min(far * 2, rest.length)
    whole = sizeAt(far)
  }
  if (whole <= room) return rest.length
  let length = border(rest, longest({ length: far, whole, room, sizeAt }))
  // Where a size is an estimate from samples, less text may be found to be larger.
  while (length > 0 && sizeAt(length) > room) length = border(rest, Math.floor(length * 0.8))
  return length
}

/** Measuring a text takes milliseconds. */
const mostMeasurements = 10

/** A length that fits, close to the longest, found by where the size should be if the text were alike everywhere. */
function longest(of: {
  length: number
  whole: number
  room: number
  sizeAt: (length: number) => number
}): number {
  const { room, sizeAt } = of
  const empty = sizeAt(0)
  let [short, shortSize, long, longSize] = [0, empty, of.length, of.whole]
  for (let measured = 0; measured < mostMeasurements && long - short > 1; measured += 1) {
    if (shortSize - empty >= (room - empty) * 0.85) break
    const share = measured % 3 === 2 ? 0.5 : ((room - shortSize) / (longSize - shortSize)) * 0.98
    const at = Math.min(long - 1, short + Math.max(1, Math.floor((long - short) * share)))
    const size = sizeAt(at)
    if (size <= room) [short, shortSize] = [at, size]
    else [long, longSize] = [at, size]
  }
  return short
}

/** The best place to cut at or before `end`. */
function border(text: string, end: number): number {
  const piece = text.slice(0, end)
  const turn = piece.lastIndexOf(`\n${turnBegins}`) + 1
  if (turn >= end / 2) return turn
  const line = piece.lastIndexOf('\n') + 1
  if (line >= end * 0.75) return line
  const space = piece.lastIndexOf(' ') + 1
  if (space >= end * 0.9) return space
  return isHigh(text.charCodeAt(end - 1)) && isLow(text.charCodeAt(end)) ? end - 1 : end
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff
}

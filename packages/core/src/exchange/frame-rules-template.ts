import { isUtf8 } from 'node:buffer'
import { isObject } from '@llmproxy/provider-kit'
import { BACKSLASH, MemberScan, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace } from './splice-scan.ts'

/** Bytes `start..end` of the learnt frame. */
interface Range {
  readonly start: number
  readonly end: number
}

/** What a learnt frame looks like: everything outside the holes must recur, byte for byte. */
interface Shape {
  readonly bytes: Buffer
  /** The inside of the string that carries the text. */
  readonly text: Range
  /** The inside of a random padding string behind it, or an empty range at the end. */
  readonly padding: Range | undefined
  readonly cut: Range | undefined
}

/** The strings that a delta streams; only one of them may be set. */
const streamed = ['content', 'reasoning_content'] as const

/**
 * The fast path of a relayed stream. Its frames usually differ in one string only (and in a random padding string
 * called `obfuscation`), so once `FrameRules` has let one pass, every frame with the same bytes around a well-formed
 * string would pass too, and need not be parsed. Ranges are those of the JSON, without `data: ` and line feeds.
 */
export class FrameTemplate {
  #shape: Shape | undefined
  #learnt = 0
  #matched = 0
  /** After a match: the bytes `cutStart..cutEnd` of the buffer are to be left out; -1 when nothing is. */
  cutStart = -1
  cutEnd = -1

  /** Learns from a frame that `FrameRules.inspect()` has just called `pass`. Frames of no use are ignored. */
  learn(buffer: Buffer, start: number, end: number, frame: unknown): void {
    this.#learn(buffer, start, end, frame, false)
  }

  /**
   * Learns from a frame that was `changed` by nothing but the removal of `"usage":null`
   * (`FrameRules.onlyNullUsageRemoved`). Matches then tell in `cutStart` and `cutEnd` which bytes to leave out.
   */
  learnCut(buffer: Buffer, start: number, end: number, frame: unknown): void {
    this.#learn(buffer, start, end, frame, true)
  }

  /** The frame `start..end` would be treated like the learnt one. Sets `cutStart` and `cutEnd`. */
  matches(buffer: Buffer, start: number, end: number): boolean {
    const shape = this.#shape
    if (shape === undefined) return false
    const { bytes, text, padding, cut } = shape
    if (!same(bytes, 0, text.start, buffer, start, end)) return false
    const textEnd = stringEnd(buffer, start + text.start, end)
    if (textEnd === -1) return false
    let tail = text.end
    let at = textEnd
    if (padding !== undefined) {
      if (!same(bytes, tail, padding.start, buffer, at, end)) return false
      at = stringEnd(buffer, at + padding.start - tail, end)
      if (at === -1) return false
      tail = padding.end
    }
    if (end - at !== bytes.length - tail || !same(bytes, tail, bytes.length, buffer, at, end)) return false
    this.#matched++
    if (cut === undefined) return true
    const shift = cut.end <= text.start ? start : cut.start >= tail ? at - tail : textEnd - text.end
    this.cutStart = cut.start + shift
    this.cutEnd = cut.end + shift
    return true
  }

  #learn(buffer: Buffer, start: number, end: number, frame: unknown, cutUsage: boolean): void {
    const name = streamedMember(frame)
    // A stream whose frames keep changing shape is cheaper to parse than to learn again and again.
    if (name === undefined || this.#learnt > 16 + this.#matched) return
    this.#learnt++
    this.#shape = shapeOf(Buffer.from(buffer.subarray(start, end)), name, cutUsage)
    this.cutStart = -1
    this.cutEnd = -1
  }
}

/** The member that carries text, when the frame is about nothing else: one choice, open, one string, no other news. */
function streamedMember(frame: unknown): string | undefined {
  if (!isObject(frame) || !Array.isArray(frame['choices']) || frame['choices'].length !== 1) return undefined
  const choice: unknown = frame['choices'][0]
  if (!isObject(choice) || choice['finish_reason'] !== null) return undefined
  if (typeof choice['text'] === 'string' && choice['delta'] === undefined) {
    return choice['text'] === '' ? undefined : 'text'
  }
  const { delta } = choice
  if (!isObject(delta)) return undefined
  let found: string | undefined
  for (const key in delta) {
    const value = delta[key]
    if (value === null) continue
    if (found !== undefined || typeof value !== 'string' || value === '') return undefined
    found = key
  }
  return streamed.find((name) => name === found)
}

function shapeOf(bytes: Buffer, name: string, cutUsage: boolean): Shape | undefined {
  const open = skipSpace(bytes, 0)
  let text: Range | undefined
  let padding: Range | undefined
  let cut: Range | undefined
  for (const scan = new MemberScan(bytes, open); scan.next();) {
    if (scan.is('choices')) {
      // Twins: only one of them counts, so the bytes are not what they seem.
      if (text !== undefined) return undefined
      text = textRange(bytes, scan.valueStart, name)
      if (text === undefined) return undefined
    } else if (scan.is('obfuscation')) {
      if (padding !== undefined) return undefined
      if (text !== undefined) padding = inside(bytes, scan)
    } else if (cutUsage && scan.is('usage')) {
      if (cut !== undefined) return undefined
      cut = cutRange(scan)
    }
  }
  return text === undefined || (cutUsage && cut === undefined) ? undefined : { bytes, text, padding, cut }
}

/** The inside of `choices[0].delta.<name>`, or of `choices[0].text`. */
function textRange(bytes: Buffer, choices: number, name: string): Range | undefined {
  if (bytes[choices] !== OPEN_BRACKET) return undefined
  const choice = skipSpace(bytes, choices + 1)
  if (name === 'text') return only(bytes, choice, name, inside)
  return only(bytes, choice, 'delta', (_, delta) => only(bytes, delta.valueStart, name, inside))
}

/** Reads the one member called `key`; `undefined` when there are twins. */
function only(
  bytes: Buffer,
  open: number,
  key: string,
  read: (bytes: Buffer, scan: MemberScan) => Range | undefined,
): Range | undefined {
  if (bytes[open] !== OPEN_BRACE) return undefined
  let found: Range | undefined
  let seen = 0
  for (const scan = new MemberScan(bytes, open); scan.next();) {
    if (!scan.is(key)) continue
    seen++
    found = read(bytes, scan)
  }
  return seen === 1 ? found : undefined
}

function inside(bytes: Buffer, scan: MemberScan): Range | undefined {
  if (bytes[scan.valueStart] !== QUOTE) return undefined
  return { start: scan.valueStart + 1, end: scan.valueEnd - 1 }
}

/** A member with one of its commas. */
function cutRange(scan: MemberScan): Range {
  if (scan.commaBefore !== -1) return { start: scan.commaBefore, end: scan.valueEnd }
  return { start: scan.keyStart, end: scan.commaAfter === -1 ? scan.valueEnd : scan.commaAfter + 1 }
}

/** `bytes[from..to]` stands in `buffer` at `at`, before `end`. */
function same(bytes: Buffer, from: number, to: number, buffer: Buffer, at: number, end: number): boolean {
  const until = at + to - from
  return until <= end && bytes.compare(buffer, at, until, from, to) === 0
}

/** Where the JSON string that `at` is in ends: the index of its quote, or -1 when it is not well-formed. */
function stringEnd(buffer: Buffer, at: number, end: number): number {
  let index = at
  while (index < end) {
    const byte = buffer[index] ?? 0
    if (byte === QUOTE) return index
    if (byte < 0x20) return -1
    if (byte >= 0x80) index = charactersEnd(buffer, index, end)
    else if (byte !== BACKSLASH) index++
    else {
      const size = escapeSize(buffer, index + 1)
      if (size === 0) return -1
      index += size
    }
  }
  return -1
}

/** Behind the characters beyond ASCII that begin at `at`; `end` when they are no UTF-8. */
function charactersEnd(buffer: Buffer, at: number, end: number): number {
  let index = at + 1
  while (index < end && buffer[index]! >= 0x80) index++
  return isUtf8(buffer.subarray(at, index)) ? index : end
}

/** The bytes of the escape whose letter is at `at`, its backslash included; 0 when there is no such escape. */
function escapeSize(buffer: Buffer, at: number): number {
  switch (buffer[at]) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return 2
    case 0x75:
      return /^[0-9a-fA-F]{4}$/.test(buffer.toString('latin1', at + 1, at + 5)) ? 6 : 0
    default:
      return 0
  }
}

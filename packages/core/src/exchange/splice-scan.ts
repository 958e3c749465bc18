/**
 * A walk over the members of one JSON object in its bytes. The input must be valid JSON (somebody has parsed it): the
 * walk finds where things are, it does not check them.
 */

export const QUOTE = 0x22
export const BACKSLASH = 0x5c
export const COMMA = 0x2c
export const OPEN_BRACE = 0x7b
export const CLOSE_BRACE = 0x7d
export const OPEN_BRACKET = 0x5b
export const CLOSE_BRACKET = 0x5d

/** Strings up to this many bytes are cheaper to walk here than to hand to native code. */
const NEAR = 48

/** The index after the closing quote of the string that opens at `at`. */
export function skipString(bytes: Buffer, at: number): number {
  const { length } = bytes
  let index = at + 1
  while (index < length) {
    const near = Math.min(index + NEAR, length)
    while (index < near) {
      const byte = bytes[index]
      if (byte === QUOTE) return index + 1
      index += byte === BACKSLASH ? 2 : 1
    }
    const quote = bytes.indexOf(QUOTE, index)
    if (quote === -1) return length
    let before = quote
    while (before > index && bytes[before - 1] === BACKSLASH) before--
    if ((quote - before) % 2 === 0) return quote + 1
    index = quote + 1
  }
  return length
}

/** The index of the first byte from `at` on that is not JSON white space. */
export function skipSpace(bytes: Buffer, at: number): number {
  let index = at
  while (isSpace(bytes[index])) index++
  return index
}

/** Space, tab, line feed, carriage return. */
export function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

/** The index after the value that begins at `at`. */
export function skipValue(bytes: Buffer, at: number): number {
  const first = bytes[at]
  if (first === QUOTE) return skipString(bytes, at)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return skipNested(bytes, at)
  let index = at
  while (index < bytes.length) {
    const byte = bytes[index]
    if (byte === COMMA || byte === CLOSE_BRACE || byte === CLOSE_BRACKET || isSpace(byte)) break
    index++
  }
  return index
}

function skipNested(bytes: Buffer, at: number): number {
  const { length } = bytes
  let depth = 0
  let index = at
  while (index < length) {
    const byte = bytes[index]
    if (byte === QUOTE) {
      index = skipString(bytes, index)
      continue
    }
    index++
    // `{` and `[` differ in one bit, and so do `}` and `]`.
    const folded = (byte ?? 0) | 0x20
    if (folded === OPEN_BRACE) depth++
    else if (folded === CLOSE_BRACE && --depth === 0) return index
  }
  return length
}

/** A cursor over the members of one object, in their order. Positions are those of the current member. */
export class MemberScan {
  readonly #bytes: Buffer
  #at: number
  #ended = false
  /** The opening quote of the key. */
  keyStart = -1
  /** After the closing quote of the key. */
  keyEnd = -1
  valueStart = -1
  /** After the last byte of the value. */
  valueEnd = -1
  /** The comma in front of the member, or -1. */
  commaBefore = -1
  /** The comma behind the member, or -1. */
  commaAfter = -1

  /** `open` is the index of the object's `{`. */
  constructor(bytes: Buffer, open: number) {
    this.#bytes = bytes
    this.#at = open + 1
  }

  /** Moves to the next member; `false` after the last one. */
  next(): boolean {
    if (this.#ended) return false
    const bytes = this.#bytes
    const key = skipSpace(bytes, this.#at)
    if (bytes[key] !== QUOTE) return this.#end()
    this.keyStart = key
    this.keyEnd = skipString(bytes, key)
    const colon = skipSpace(bytes, this.keyEnd)
    this.valueStart = skipSpace(bytes, colon + 1)
    this.valueEnd = skipValue(bytes, this.valueStart)
    this.commaBefore = this.commaAfter
    const after = skipSpace(bytes, this.valueEnd)
    if (bytes[after] === COMMA) {
      this.commaAfter = after
      this.#at = after + 1
    } else {
      this.commaAfter = -1
      this.#ended = true
    }
    return true
  }

  /** The key, unescaped, is `key`. */
  is(key: string): boolean {
    const bytes = this.#bytes
    const start = this.keyStart + 1
    const length = this.keyEnd - 1 - start
    for (let index = 0; index < length; index++) {
      const byte = bytes[start + index] ?? 0
      if (byte === BACKSLASH || byte >= 0x80) return this.#decodedKey() === key
      if (byte !== key.charCodeAt(index)) return false
    }
    return length === key.length
  }

  #decodedKey(): unknown {
    return JSON.parse(this.#bytes.toString('utf8', this.keyStart, this.keyEnd))
  }

  #end(): false {
    this.#ended = true
    return false
  }
}

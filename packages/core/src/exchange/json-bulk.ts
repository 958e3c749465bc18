import { CLOSE_BRACE, CLOSE_BRACKET, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipString } from './splice-scan.ts'

const COLON = 0x3a
const COMMA = 0x2c

/** Containers inside containers that a JSON text may have. */
export const maxJsonDepth = 200

/** Bytes. What a shorter text can cost is little. */
const measuredFrom = 256 * 1024
/** A character of a JavaScript string has at most so many bytes in UTF-8. */
const bytesOfCharacter = 3

/** Values of arrays that cost as much as one object, array or member. */
export const elementsPerMember = 4

/**
 * Where a JSON text is nested too deep (`depth`), has one object, array or member too many (`members`), or one value too many of all kinds
 * (`values`).
 */
export interface Bulk {
  readonly kind: 'depth' | 'members' | 'values'
  /** The index of the byte. */
  readonly at: number
}

/**
 * Measures `start..end` before it is parsed: a few megabytes of brackets would become gigabytes of objects, and take seconds.
 * The text need not be valid. Short texts are not measured. Strings, which make up most of a large body, are skipped at
 * the speed of native code.
 */
export function findBulk(bytes: Buffer, maxMembers: number, start = 0, end = bytes.length): Bulk | undefined {
  if (end - start < measuredFrom) return undefined
  let depth = 0
  let members = 0
  let values = 0
  const mostValues = maxMembers * elementsPerMember
  let at = start
  while (at < end) {
    const byte = bytes[at]
    if (byte === QUOTE) {
      at = skipString(bytes, at)
      continue
    }
    if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxJsonDepth) return { kind: 'depth', at }
      members++
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--
    else if (byte === COLON) members++
    else if (byte === COMMA && ++values > mostValues) return { kind: 'values', at }
    if (members > maxMembers) return { kind: 'members', at }
    at++
  }
  return undefined
}

/** Whether a text is nested too deep. Most texts are too short to be measured, and are not copied for it. */
export function isNestedTooDeep(text: string): boolean {
  return text.length * bytesOfCharacter >= measuredFrom && findBulk(Buffer.from(text), Infinity) !== undefined
}

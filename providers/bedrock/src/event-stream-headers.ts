import { badResponse } from '@llmproxy/provider-kit'

/** Bytes of the value of each type of header; `sized`: its length stands in front of it, in two bytes. */
const valueLengths: readonly (number | 'sized')[] = [
  0, // true
  0, // false
  1, // byte
  2, // short
  4, // integer
  8, // long
  'sized', // bytes
  'sized', // text
  8, // timestamp
  16, // UUID
]
const textType = 7

/** The headers of a message that are texts, by name; the others are stepped over. Throws a `bad_response` fault for damage. */
export function messageHeaders(bytes: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>()
  let at = 0
  const skip = (length: number): number => {
    const from = at
    at += length
    if (at > bytes.length) throw badResponse('the headers of a message are cut off')
    return from
  }
  while (at < bytes.length) {
    const nameLength = bytes.readUInt8(skip(1))
    const name = bytes.toString('utf8', skip(nameLength), at)
    const type = bytes.readUInt8(skip(1))
    const length = valueLengths[type]
    if (length === undefined) throw badResponse(`a message has a header of the unknown type ${type}`)
    const start = skip(length === 'sized' ? bytes.readUInt16BE(skip(2)) : length)
    if (type === textType) headers.set(name, bytes.toString('utf8', start, at))
  }
  return headers
}

import type { JsonObject } from '@llmproxy/provider-kit'
import { CLOSE_BRACKET, COMMA, MemberScan, skipSpace, skipValue } from '../exchange/splice-scan.ts'
import type { Ingress } from '../ingress/ingress.ts'

/**
 * The request with other messages: those that came, by their position, and new ones. Of those that came, and of everything around them,
 * not a byte changes.
 */
export function withMessages(ingress: Ingress, list: readonly (number | JsonObject)[]): Ingress {
  const { bytes, body } = ingress
  const own = body['messages'] as readonly unknown[]
  const { from, to, starts, ends } = elementsOf(bytes)
  const comma = Buffer.from(',')
  const pieces: Buffer[] = [bytes.subarray(0, from)]
  for (const [position, item] of list.entries()) {
    if (position > 0) pieces.push(comma)
    pieces.push(
      typeof item === 'number' ? bytes.subarray(starts[item], ends[item]) : Buffer.from(JSON.stringify(item)),
    )
  }
  pieces.push(bytes.subarray(to))
  const messages = list.map((item) => (typeof item === 'number' ? own[item] : item))
  return { ...ingress, bytes: Buffer.concat(pieces), body: { ...body, messages } }
}

/** What stands between the brackets of an array, and where each element begins and ends. */
interface Elements {
  readonly from: number
  readonly to: number
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** Those of `messages`; where that is there several times, of the last, which is the one that counts. */
function elementsOf(bytes: Buffer): Elements {
  let open = -1
  for (const scan = new MemberScan(bytes, skipSpace(bytes, 0)); scan.next();)
    if (scan.is('messages')) open = scan.valueStart
  const starts: number[] = []
  const ends: number[] = []
  let at = skipSpace(bytes, open + 1)
  const from = at
  while (at < bytes.length && bytes[at] !== CLOSE_BRACKET) {
    const end = skipValue(bytes, at)
    starts.push(at)
    ends.push(end)
    at = skipSpace(bytes, end)
    if (bytes[at] === COMMA) at = skipSpace(bytes, at + 1)
  }
  return { from, to: at, starts, ends }
}

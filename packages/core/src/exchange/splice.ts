import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  isSpace,
  MemberScan,
  OPEN_BRACE,
  OPEN_BRACKET,
  skipSpace,
} from './splice-scan.ts'

/** One change: the bytes `start..end` become `text`. */
interface Edit {
  start: number
  end: number
  readonly text: string
}

/** What is wanted of one key: its new JSON text, or its removal. */
interface Wish {
  readonly key: string
  /** `undefined`: remove. */
  readonly text: string | undefined
  /** The last member with this key so far. */
  edit: Edit | undefined
}

/**
 * Sets (or with `undefined` removes) top-level members in the bytes of a JSON object and leaves every other byte as it
 * is: number literals, key order, white space, escapes. Keys are compared unescaped. Of a key that stands more than
 * once the last one counts, as in `JSON.parse`: it is the one replaced; removal takes them all. New members go before
 * the final `}`. The input must be a valid JSON object; it is returned itself when there is nothing to change.
 */
export function patchJson(bytes: Buffer, patch: Readonly<Record<string, unknown>>): Buffer {
  const wishes: Wish[] = []
  for (const key of Object.keys(patch))
    wishes.push({ key, text: JSON.stringify(patch[key]), edit: undefined })
  if (wishes.length === 0) return bytes
  const edits: Edit[] = []
  let kept = locate(bytes, wishes, edits)
  for (const { edit } of wishes) if (edit !== undefined) edits.push(edit)
  edits.sort((left, right) => left.start - right.start)
  let added = ''
  for (const { key, text, edit } of wishes) {
    if (text === undefined || edit !== undefined) continue
    added += `${kept ? ',' : ''}${JSON.stringify(key)}:${text}`
    kept = true
  }
  if (added !== '') {
    const close = closingBrace(bytes)
    edits.push({ start: close, end: close, text: added })
  }
  return edits.length === 0 ? bytes : rewrite(bytes, edits)
}

/**
 * Adds a member that the object is known not to have, before its final `}`. Looks at the end of the bytes only.
 * Throws a `TypeError` when the bytes do not end in `}`.
 */
export function appendMember(bytes: Buffer, key: string, value: unknown): Buffer {
  const text = JSON.stringify(value)
  if (text === undefined) return bytes
  const close = closingBrace(bytes)
  let last = close - 1
  while (isSpace(bytes[last])) last--
  const comma = bytes[last] === OPEN_BRACE ? '' : ','
  const member = Buffer.from(`${comma}${JSON.stringify(key)}:${text}`)
  const result = Buffer.allocUnsafe(bytes.length + member.length)
  bytes.copy(result, 0, 0, close)
  member.copy(result, close)
  bytes.copy(result, close + member.length, close)
  return result
}

/**
 * Adds an element at the end of the array that the object has under `key`, of several the last. Every other byte stays. Throws a
 * `TypeError` when there is no such array.
 */
export function appendElement(bytes: Buffer, key: string, value: unknown): Buffer {
  let end = -1
  for (const scan = new MemberScan(bytes, skipSpace(bytes, 0)); scan.next();) {
    if (scan.is(key)) end = scan.valueEnd - 1
  }
  if (bytes[end] !== CLOSE_BRACKET) throw new TypeError(`an element can only be added to an array: ${key}`)
  let last = end - 1
  while (isSpace(bytes[last])) last--
  const comma = bytes[last] === OPEN_BRACKET ? '' : ','
  return rewrite(bytes, [{ start: end, end, text: `${comma}${JSON.stringify(value)}` }])
}

/** Finds the members; removals go into `edits`, replacements to their wish. True when a member stays. */
function locate(bytes: Buffer, wishes: readonly Wish[], edits: Edit[]): boolean {
  const scan = new MemberScan(bytes, skipSpace(bytes, 0))
  let kept = false
  while (scan.next()) {
    const wish = wishOf(scan, wishes)
    if (wish === undefined) kept = true
    else if (wish.text === undefined) edits.push(removal(scan, kept))
    else {
      wish.edit = { start: scan.valueStart, end: scan.valueEnd, text: wish.text }
      kept = true
    }
  }
  return kept
}

function wishOf(scan: MemberScan, wishes: readonly Wish[]): Wish | undefined {
  for (const wish of wishes) if (scan.is(wish.key)) return wish
  return undefined
}

/** Takes the comma in front when a member before stays, else the one behind. */
function removal(scan: MemberScan, kept: boolean): Edit {
  const start = kept ? scan.commaBefore : scan.keyStart
  const end = kept || scan.commaAfter === -1 ? scan.valueEnd : scan.commaAfter + 1
  return { start, end, text: '' }
}

function closingBrace(bytes: Buffer): number {
  let index = bytes.length - 1
  while (isSpace(bytes[index])) index--
  if (bytes[index] !== CLOSE_BRACE) throw new TypeError('a member can only be set in a JSON object')
  return index
}

/** `edits` are in order and do not overlap. */
function rewrite(bytes: Buffer, edits: readonly Edit[]): Buffer {
  let size = bytes.length
  for (const { start, end, text } of edits) size += Buffer.byteLength(text) - (end - start)
  const result = Buffer.allocUnsafe(size)
  let from = 0
  let to = 0
  for (const { start, end, text } of edits) {
    to += bytes.copy(result, to, from, start)
    to += result.write(text, to)
    from = end
  }
  bytes.copy(result, to, from)
  return result
}

import { parseJson } from './parse-json.ts'

/** What an error body says, whatever its shape. */
export interface ErrorDetail {
  /** The innermost text for people. */
  readonly message: string | undefined
  /** The outermost machine code that is a word. */
  readonly code: string | null
  readonly type: string | null
  readonly param: string | null
  /** 400 to 599: a status that stands in the body, as a number or as text. */
  readonly status: number | undefined
  /** Every code and type on the way in, lower case, joined by spaces. */
  readonly words: string
}

interface Found {
  code: string | null
  type: string | null
  param: string | null
  status: number | undefined
  words: string[]
}

/** Bodies nest (a gateway quotes a gateway that quotes a vendor); deeper than this is not an error body. */
const deepest = 8
const longestText = 200
const longestMessage = 2000
/** Stripping broken tags and escapes takes time that grows with the square of the length: read no further. */
const longestRead = 8192

/**
 * Reads an error body: `error` as object or string, `message`, `detail`, arrays, JSON inside strings.
 * `text` is the raw body: what is not JSON keeps at most 200 characters, HTML loses its tags.
 */
export function errorDetail(body: unknown, text: string): ErrorDetail {
  const found: Found = { code: null, type: null, param: null, status: undefined, words: [] }
  const message = body === undefined || body === null ? undefined : visit(body, found, 0)
  const shown = message ?? (body === undefined ? plainText(text, found) : undefined)
  return { ...found, message: shown, words: found.words.join(' ').toLowerCase() }
}

/** The innermost text for people in an error body of any shape. */
export function errorMessage(body: unknown, text: string): string | undefined {
  return errorDetail(body, text).message
}

function visit(value: unknown, found: Found, depth: number): string | undefined {
  if (depth > deepest) return undefined
  if (typeof value === 'string') return visitText(value, found, depth)
  if (Array.isArray(value)) return visitList(value, found, depth)
  return isObject(value) ? visitObject(value, found, depth) : undefined
}

function visitObject(value: Record<string, unknown>, found: Found, depth: number): string | undefined {
  note(value, found)
  for (const child of children(value)) {
    const message = visit(child, found, depth + 1)
    if (message !== undefined) return message
  }
  return undefined
}

/** Where the text may stand, the most telling place first. A short `error` beside a `message` is only its title. */
function* children(value: Record<string, unknown>): Generator {
  if (isObject(value.metadata)) yield value.metadata.raw
  if (typeof value.error === 'object') yield value.error
  yield* [value.message, value.error, value.detail, value.errors, value.msg, value.error_description]
  yield* [value.error_message, value.reason, value.title, value.details]
}

/** A list of errors, or of validation problems `{loc, msg}`. */
function visitList(list: unknown[], found: Found, depth: number): string | undefined {
  const messages = list.slice(0, 3).flatMap((entry) => {
    const message = visit(entry, found, depth + 1)
    const place = isObject(entry) && Array.isArray(entry.loc) ? placeOf(entry.loc) : ''
    return message === undefined ? [] : [place + message]
  })
  return messages.length === 0 ? undefined : messages.join('; ')
}

function placeOf(loc: readonly unknown[]): string {
  const names = loc.filter((name) => typeof name === 'string' || typeof name === 'number')
  return names.length === 0 ? '' : `${names.join('.')}: `
}

function visitText(text: string, found: Found, depth: number): string | undefined {
  const inner = embedded(text)
  const message = inner === undefined ? undefined : visit(inner, found, depth + 1)
  if (message !== undefined) return message
  if (isHtml(text)) return htmlText(text)
  const plain = text
    .slice(0, longestRead)
    .replaceAll(/(?<!\\)\\+"/g, '"')
    .replaceAll('\\n', ' ')
    .trim()
  return plain === '' ? undefined : shorten(plain, longestMessage)
}

/** JSON in a string, alone or behind a prefix such as `Error code: 400 - {…}`. */
function embedded(text: string): unknown {
  const start = text.search(/[{["]/)
  if (start === -1) return undefined
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))
  const parsed = parseJson(start === 0 ? text : '') ?? parseJson(text.slice(text.indexOf('{'), end + 1))
  if (typeof parsed === 'string' || Array.isArray(parsed)) return start === 0 ? parsed : undefined
  return isObject(parsed) && ['error', 'message', 'detail'].some((key) => key in parsed) ? parsed : undefined
}

function note(value: Record<string, unknown>, found: Found): void {
  const code = word(value.code)
  const type = word(value.type) ?? word(value.error_type)
  found.code ??= code
  found.type ??= type
  found.param ??= path(value.param)
  found.status ??= httpStatus(value.code) ?? httpStatus(value.status) ?? httpStatus(value.statusCode)
  // What a gateway says about the error that it quotes.
  const quoted = isObject(value.metadata) ? word(value.metadata.error_type) : null
  for (const name of [code, type, word(value.error_type), word(value.status), quoted]) {
    if (name !== null && !found.words.includes(name)) found.words.push(name)
  }
}

function word(value: unknown): string | null {
  return typeof value === 'string' && /^[A-Za-z_][\w.-]{0,63}$/.test(value) ? value : null
}

function path(value: unknown): string | null {
  return typeof value === 'string' && /^[\w.[\]$-]{1,128}$/.test(value) ? value : null
}

function httpStatus(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^[45]\d\d$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 400 && number <= 599
    ? number
    : undefined
}

function plainText(text: string, found: Found): string | undefined {
  const message = /^\s*[{[]/.test(text) ? cutJsonText(text) : visitText(text, found, 0)
  return message === undefined ? undefined : shorten(message, longestText)
}

/**
 * The text of JSON that was cut off, when it stands there whole. Nothing else of it is shown: long error bodies are long because they
 * quote the request.
 */
function cutJsonText(text: string): string | undefined {
  const quoted = /"(?:message|error|detail|msg)"\s*:\s*("(?:[^"\\]|\\.)*")/.exec(text.slice(0, longestRead))
  const message = quoted === null ? undefined : parseJson(quoted[1] ?? '')
  return typeof message === 'string' && message.trim() !== '' ? message : undefined
}

/** Whether a body is a web page, or begins as one. */
export function isHtml(text: string): boolean {
  return (
    /^\s*<(?:!doctype|\?xml|html|head|body|title|center|h1|p|div)\b/i.test(text) ||
    /<\/(?:html|body|h1)>/i.test(text)
  )
}

function htmlText(html: string): string | undefined {
  const text = html
    .slice(0, longestRead)
    .replaceAll(
      /<(script|style|head)\b[^>]*>[\s\S]*?<\/\1>/gi,
      (block) => /<title[^>]*>[^<]*<\/title>/i.exec(block)?.[0] ?? ' ',
    )
    .replaceAll(/<!--[\s\S]*?-->|<[^>]*>/g, ' ')
    .replaceAll(/&(?:nbsp|amp|lt|gt|quot|#\d+);/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
  return text === '' ? undefined : shorten(text, longestText)
}

function shorten(text: string, limit: number): string {
  if (text.length <= limit) return text
  // Between words: half of a key would no longer be recognised as one.
  const cut = text.lastIndexOf(' ', limit - 1)
  return `${text.slice(0, cut > limit / 2 ? cut : limit - 1)}…`
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

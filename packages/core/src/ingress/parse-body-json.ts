/** Where a text stops being JSON. */
export interface JsonMistake {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 units. */
  readonly column: number
  /** What stands there: one character in quotes, or `the end of the text`. */
  readonly found: string
  readonly expected: string
}

type Wanted = 'value' | 'value or ]' | 'key' | 'key or }' | 'colon' | 'next' | 'nothing'

const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y
const space = /[ \t\r\n]*/y

const expectations: Readonly<Record<Wanted, string>> = {
  value: 'a value',
  'value or ]': 'a value or "]"',
  key: 'a key in double quotes',
  'key or }': 'a key in double quotes or "}"',
  colon: '":"',
  next: 'a comma or a closing bracket',
  nothing: 'the end of the text',
}

/**
 * Finds the first mistake in a text that `JSON.parse` has refused, so that the message does not depend on the engine.
 * `undefined` when there is none. Runs on refused bodies only, and without recursion: they may be nested without end.
 */
export function findJsonMistake(text: string): JsonMistake | undefined {
  const open: string[] = []
  let wanted: Wanted = 'value'
  let at = 0
  for (;;) {
    at = skip(space, text, at)
    const letter = text[at]
    if (letter === undefined && wanted === 'nothing') return undefined
    const token = letter === '"' ? stringEnd(text, at) : undefined
    if (
      token !== undefined &&
      token.mistake !== undefined &&
      (wanted.startsWith('key') || wanted.startsWith('value'))
    ) {
      return describe(text, token.end, token.mistake)
    }
    const end = token?.end ?? skip(scalar, text, at)
    const next = step(wanted, letter, end > at, open)
    if (next === undefined) return describe(text, at, expectations[wanted])
    at = end > at ? end : at + 1
    wanted = next
  }
}

/** What may follow a token; `undefined` when it should not be there. `literal`: it is a string or a scalar. */
function step(
  wanted: Wanted,
  letter: string | undefined,
  literal: boolean,
  open: string[],
): Wanted | undefined {
  if (wanted === 'nothing' || letter === undefined) return undefined
  if (wanted === 'colon') return letter === ':' ? 'value' : undefined
  if (wanted === 'key' || wanted === 'key or }') {
    if (letter === '"') return 'colon'
    return letter === '}' && wanted === 'key or }' ? close(open) : undefined
  }
  if (wanted === 'next') {
    const inner = open.at(-1)
    if (letter === ',') return inner === '{' ? 'key' : 'value'
    return letter === (inner === '{' ? '}' : ']') ? close(open) : undefined
  }
  if (literal) return open.length === 0 ? 'nothing' : 'next'
  if (letter === ']' && wanted === 'value or ]') return close(open)
  if (letter !== '{' && letter !== '[') return undefined
  open.push(letter)
  return letter === '{' ? 'key or }' : 'value or ]'
}

function close(open: string[]): Wanted {
  open.pop()
  return open.length === 0 ? 'nothing' : 'next'
}

function skip(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** A loop, because a pattern that repeats a choice runs out of stack on strings of megabytes. */
function stringEnd(text: string, start: number): { readonly end: number; readonly mistake?: string } {
  let at = start + 1
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (code === 0x22) return { end: at + 1 }
    if (code < 0x20) return { end: at, mistake: 'no control character in a string: write it as an escape' }
    if (code !== 0x5c) at++
    else if (/^\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/.test(text.slice(at, at + 6)))
      at += text[at + 1] === 'u' ? 6 : 2
    else return { end: at, mistake: 'a valid escape in a string' }
  }
  return { end: at, mistake: 'the closing quote of a string' }
}

function describe(text: string, at: number, expected: string): JsonMistake {
  let line = 1
  let lineStart = 0
  for (let end = text.indexOf('\n'); end !== -1 && end < at; end = text.indexOf('\n', lineStart)) {
    line++
    lineStart = end + 1
  }
  const letter = text.codePointAt(at)
  const found = letter === undefined ? 'the end of the text' : JSON.stringify(String.fromCodePoint(letter))
  return { line, column: at - lineStart + 1, found, expected }
}

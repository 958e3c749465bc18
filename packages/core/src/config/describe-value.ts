const longest = 60

/** `text "abc"`, `number 5`, `a list`: a value as a sentence about it says it. `hidden` values are told by their kind only. */
export function describeValue(value: unknown, hidden = false): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY) return 'an endless number'
  if (Number.isNaN(value)) return 'what is not a number (`.nan`)'
  if (typeof value !== 'string')
    return hidden ? `a ${typeof value} (not shown)` : `${typeof value} ${JSON.stringify(value) ?? ''}`.trim()
  if (value === '') return 'empty text'
  if (hidden || looksSecret(value)) return 'text (not shown)'
  return `text ${JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value)}`
}

/** The name of an unknown key of the configuration. `- sk-live-…: team` is easily written where the key is a value. */
export function describeKey(key: string): string {
  // Names that are merely mistyped have neither capitals nor digits, and are to be shown.
  return /[A-Z\d]/.test(key) && looksSecret(key) ? '(not shown)' : key
}

/** Pasted into the wrong place, a key still must not be printed: key-like words, URLs with a password, query strings. */
function looksSecret(value: string): boolean {
  return (
    /^\s*(?:bearer|basic)\s/i.test(value) ||
    /(?:^|[^a-z])[a-z]{2,6}[-_][\w-]{12,}/i.test(value) ||
    /:\/\/[^/]*@/.test(value) ||
    /[?&][\w-]+=/.test(value) ||
    /^(?=.*\d)(?=.*[a-z])[\w+/=-]{24,}$/i.test(value)
  )
}

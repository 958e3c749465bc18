/** Shorter values are ordinary words too often: replacing them would destroy messages and protect little. */
const shortest = 6

/** A function that replaces every one of these values (of 6 characters or more) in a text by `[redacted]`. */
export function scrubber(secrets: readonly string[]): (text: string) => string {
  const forms = secrets.filter((secret) => secret.length >= shortest).flatMap(writtenForms)
  // Longest first, so that a secret which starts with another one is replaced as a whole.
  const values = [...new Set(forms)].toSorted((a, b) => b.length - a.length)
  if (values.length === 0) return (text) => text
  const pattern = new RegExp(values.map((value) => escaped(value)).join('|'), 'g')
  // `includes` is a plain scan: much cheaper than the regular expression for the usual text, which has no secret.
  return (text) => (values.some((value) => text.includes(value)) ? text.replace(pattern, '[redacted]') : text)
}

/** A secret also shows up escaped, inside JSON and URLs. Some writers of JSON escape slashes, some of URLs use small letters. */
function writtenForms(secret: string): string[] {
  const json = JSON.stringify(secret).slice(1, -1)
  const url = encodeURIComponent(secret.toWellFormed())
  const small = url.replaceAll(/%[\dA-F]{2}/g, (code) => code.toLowerCase())
  return [secret, json, json.replaceAll('/', String.raw`\/`), url, small]
}

/** `RegExp.escape` is younger than the oldest supported Node. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`)
}

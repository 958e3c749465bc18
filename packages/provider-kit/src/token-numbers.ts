/** What an error text about the context length says in numbers. */
export interface TokenNumbers {
  /** Tokens that the model takes. */
  readonly limit?: number
  /** Tokens that the request has or asks for, the answer included where the text adds it. */
  readonly requested?: number
  /** Of these, the tokens of the prompt, where the text names them. */
  readonly input?: number
  /** Of these, the tokens that were asked for the answer, where the text names them. */
  readonly output?: number
}

/** Texts with both numbers; the names of the groups say which is which. `more` is added to what is requested. */
const texts: readonly RegExp[] = [
  /(?<requested>N) tokens > (?<limit>N) maximum/,
  /(?<requested>N) \+ (?<more>N) > (?<limit>N)/,
  /prompt length is (?<limit>N) but the request contains (?<requested>N)/,
  /token count \((?<requested>N)\) exceeds .{0,80}\((?<limit>N)\)/,
  /contains (?<requested>N) tokens .{0,80}with (?<limit>N) maximum/,
  /cannot exceed (?<limit>N) - received (?<requested>N)/,
  /request \((?<requested>N) tokens\) exceeds .{0,80}\((?<limit>N) tokens\)/,
  /total length (?<requested>N)\).{0,80}context length (?<limit>N)\)/,
  /maximum context length is (?<limit>N).{0,80}(?:resulted in|requested(?: about)?|request has) (?<requested>N)/,
  /maximum context length (?:is|of) (?<limit>N)/,
  /maximum prompt length is (?<limit>N)/,
  /context length of only (?<limit>N)/,
  /`inputs` tokens \+ `max_new_tokens` must be <= (?<limit>N)(?:.{0,20}given: (?<requested>N) .{0,40}and (?<more>N) `max_new_tokens`)?/,
  /range of input length should be \[N, ?(?<limit>N)\]/,
].map((pattern) => new RegExp(pattern.source.replaceAll('N', String.raw`\d[\d,]*`), 'i'))

/**
 * The limit and the size that a text about a prompt which does not fit names, in tokens; `undefined` when it names neither. Ask only
 * for texts that are about the context length: others may use the same words.
 */
export function tokenNumbers(text: string): TokenNumbers | undefined {
  for (const pattern of texts) {
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) continue
    const limit = count(groups['limit'])
    const requested = count(groups['requested'])
    const whole = requested === undefined ? undefined : requested + (count(groups['more']) ?? 0)
    if (limit === undefined && whole === undefined) continue
    return { ...(limit !== undefined && { limit }), ...(whole !== undefined && { requested: whole }) }
  }
  return undefined
}

/** A number with or without separators of thousands; a comma behind it ends the clause. */
function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text.replaceAll(',', ''))
  return Number.isSafeInteger(number) ? number : undefined
}

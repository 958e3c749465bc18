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

/** Bounded: else a text of nothing but digits takes time that grows with the square of its length. */
const number = String.raw`\d[\d,]{0,19}`

/**
 * The names of the groups say what is what; `requested` is for numbers that may include the answer. Of several that match the first
 * counts. Servers that stop to count at the limit say `at least N input tokens`, or `You passed N`: that says nothing of the prompt.
 */
const texts: readonly RegExp[] = [
  /(?<input>N) tokens > (?<limit>N) maximum/,
  /(?<input>N) \+ (?<output>N) > (?<limit>N)/,
  /is too large: (?<output>N)\. .{0,40}maximum context length is (?<limit>N) .{0,40}has (?<input>N) input tokens/,
  /maximum context length is (?<limit>N).{0,80}requested(?: about)? (?<requested>N) tokens \([^()]{0,160}?\b(?<output>N) (?:in|for) the (?:completion|output)\)/,
  /maximum context length is (?<limit>N).{0,80}requested (?<output>N) output tokens/,
  /requested (?<output>N) output tokens.{0,80}context length is only (?<limit>N)/,
  /maximum context length of (?<limit>N).{0,80}total of (?<requested>N) tokens: (?<input>N) tokens .{0,40}and (?<output>N) tokens/,
  /maximum context length is (?<limit>N).{0,80}(?:resulted in|request has) (?<input>N)/,
  /maximum context length is (?<limit>N).{0,80}requested(?: about)? (?<requested>N)/,
  /configured limit of (?<limit>N) tokens.{0,80}resulted in (?<input>N)/,
  /prompt length is (?<limit>N) but the request contains (?<input>N)/,
  /token count \((?<input>N)\) exceeds .{0,80}\((?<limit>N)\)/,
  /prompt token count of (?<input>N) exceeds the limit of (?<limit>N)/,
  /contains (?<input>N) tokens .{0,80}with (?<limit>N) maximum/,
  /cannot exceed (?<limit>N) - received (?<input>N)/,
  /request \((?<input>N) tokens\) exceeds .{0,80}\((?<limit>N) tokens\)/,
  /input \((?<input>N) tokens\) is longer .{0,80}\((?<limit>N) tokens\)/,
  /input length \((?<input>N)\) exceeds .{0,80}\((?<limit>N)\)/,
  /total length (?<input>N)\).{0,80}context length (?<limit>N)\)/,
  /prompt is too long: (?<input>N), .{0,40}maximum context length: (?<limit>N)/,
  /prompt has (?<input>N) tokens?, but .{0,40}context size is (?<limit>N)/,
  /current length is (?<requested>N) while limit is (?<limit>N)/,
  /model token limit: (?<limit>N) \(requested: (?<requested>N)\)/,
  /maximum context length (?:is|of) (?<limit>N)/,
  /maximum prompt length is (?<limit>N)/,
  /maximum allowed input length of (?<limit>N)/,
  /context length of only (?<limit>N)/,
  /`inputs` tokens \+ `max_new_tokens` must be <= (?<limit>N)(?:.{0,20}given: (?<input>N) .{0,40}and (?<output>N) `max_new_tokens`)?/,
  /`inputs` must have less than (?<limit>N) tokens(?:\. given: (?<input>N))?/,
  /range of input length should be \[N, ?(?<limit>N)\]/,
].map((pattern) => new RegExp(pattern.source.replaceAll('N', number), 'i'))

/**
 * The limit and the size that a text about a prompt which does not fit names, in tokens; `undefined` when it names neither. Ask only
 * for texts that are about the context length: others may use the same words.
 */
export function tokenNumbers(text: string): TokenNumbers | undefined {
  for (const pattern of texts) {
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) continue
    const numbers = numbersIn(groups)
    if (numbers.limit !== undefined || numbers.requested !== undefined) return numbers
  }
  return undefined
}

function numbersIn(groups: Readonly<Record<string, string | undefined>>): TokenNumbers {
  const limit = count(groups['limit'])
  const output = count(groups['output'])
  const whole = count(groups['requested'])
  const named = count(groups['input'])
  const input = named ?? (whole === undefined || output === undefined ? undefined : whole - output)
  const requested = whole ?? (input === undefined ? undefined : input + (output ?? 0))
  return {
    ...(limit !== undefined && { limit }),
    ...(requested !== undefined && { requested }),
    ...(input !== undefined && input >= 0 && { input }),
    ...(output !== undefined && { output }),
  }
}

/** A number with or without separators of thousands; a comma behind it ends the clause. */
function count(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text.replaceAll(',', ''))
  return Number.isSafeInteger(number) ? number : undefined
}

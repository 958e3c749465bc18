import {
  badResponse,
  type FailedResponse,
  type Fault,
  isObject,
  openaiFault,
  ProviderFault,
} from '@llmproxy/provider-kit'

/** Longer texts in quotes are what the client has written, not names of models and members. */
const longestQuote = 48
const longestMessage = 400

/** Classifies the vendor's errors: a status and a flat body `{id, message}`, without any machine code. */
export function cohereFault(response: FailedResponse): Fault {
  const fault = openaiFault(response)
  return { ...fault, message: withoutPrompt(fault.message), ...refined(fault, response) }
}

/** The fault of an error inside a stream, whose shape is not fixed. */
export function inBandFault(body: unknown): ProviderFault {
  if (!isObject(body)) return badResponse('an event is not a JSON object')
  const response = { status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }
  return new ProviderFault(cohereFault(response))
}

function refined({ message, kind }: Fault, { status, inBand }: FailedResponse): Partial<Fault> {
  if (inBand) return {}
  switch (status) {
    case 429:
      // Trial keys have a number of calls per minute, and one per month: no wait helps against the latter.
      return /\bmonth/i.test(message) ? { kind: 'quota_exhausted', code: 'insufficient_quota' } : {}
    case 498:
      return {
        kind: 'content_filter',
        code: 'content_filter',
        // The vendor's message repeats what it has found.
        message: 'the request or the answer contains a text that the upstream does not allow',
      }
    case 499:
      return { kind: 'network' }
    case 501:
      return { kind: 'unsupported' }
    default:
      return kind === 'invalid_request' && /max tokens must be/i.test(message) ? { param: 'max_tokens' } : {}
  }
}

/**
 * A message without what it may repeat of the request: long texts in quotes, also those whose end was cut off, and the end of the
 * message when it is long itself.
 */
export function withoutPrompt(message: string): string {
  const quoted = message.replaceAll(
    /(?<!\w)(["'`])((?:(?!\1).)*)(?:\1(?!\w)|$)/gs,
    (all, mark: string, text: string) => (text.length > longestQuote ? `${mark}…${mark}` : all),
  )
  if (quoted.length <= longestMessage) return quoted
  // Quotes inside of what is quoted: where it ends is not known, where it begins is.
  const quote = quoted.search(/(?<!\w)["'`]/)
  return `${quoted.slice(0, quote > 0 ? Math.min(quote, longestMessage - 1) : longestMessage - 1).trimEnd()}…`
}

import {
  type FailedResponse,
  type Fault,
  isObject,
  type JsonObject,
  openaiFault,
} from '@llmproxy/provider-kit'

/**
 * Classifies the vendor's errors. Most are as usual; a refusal by moderation is a matter of the prompt, not of the key, and
 * its quotation of the prompt never shows.
 */
export function blackboxFault(response: FailedResponse): Fault {
  const usual = openaiFault(response)
  const error = isObject(response.body) ? response.body['error'] : undefined
  const metadata = isObject(error) && isObject(error['metadata']) ? error['metadata'] : {}
  const fault = { ...usual, code: said(usual.code), param: said(usual.param) }
  if (!isModeration(usual, metadata)) return fault
  return {
    ...fault,
    kind: 'content_filter',
    code: 'content_policy_violation',
    message: withoutPrompt(usual.message, metadata),
  }
}

function isModeration({ status, message }: Fault, { reasons, flagged_input }: JsonObject): boolean {
  if (Array.isArray(reasons) || typeof flagged_input === 'string') return true
  return status === 403 && /\bmoderation\b|\bflagged\b/i.test(message)
}

/** Python's word for "nothing", as in all of the vendor's answers. */
function said(word: string | null | undefined): string | null {
  return word === undefined || word === 'None' ? null : word
}

function withoutPrompt(message: string, { flagged_input: prompt }: JsonObject): string {
  // A few letters tell nothing, and stand in every text.
  const telling = typeof prompt === 'string' && prompt.trim().length > 3
  return telling ? message.replaceAll(prompt.trim(), '[redacted]') : message
}

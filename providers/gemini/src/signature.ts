import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** Stands in for the signature of a call that another vendor's model made; documented by the vendor. */
export const unsigned = 'skip_thought_signature_validator'

/** The member that carries a thought signature to the client, under the names of the vendor's own OpenAI layer. */
export function signatureMember(signature: unknown): JsonObject {
  return typeof signature === 'string' && signature !== ''
    ? { extra_content: { google: { thought_signature: signature } } }
    : {}
}

/** The thought signature that a client has sent back with a tool call or a message. */
export function signatureOf(holder: JsonObject): string | undefined {
  const extra = holder['extra_content']
  const google = isObject(extra) ? extra['google'] : undefined
  const signature = isObject(google) ? google['thought_signature'] : undefined
  return typeof signature === 'string' && signature !== '' ? signature : undefined
}

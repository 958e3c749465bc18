import type { Fault } from '@llmproxy/provider-kit'

/** The code of the error for a provider none of whose keys is accepted. */
export const exhaustedCode = 'upstream_credentials_exhausted'

/** Why a provider is not asked none of whose several keys is accepted. `retryAfterMs`: until one of them is tried again. */
export function credentialsExhausted(retryAfterMs: number): Fault {
  const message = 'each key of the provider was refused, or is out of quota'
  return { kind: 'authentication', code: exhaustedCode, retryAfterMs, message }
}

/** True for the fault of {@link credentialsExhausted}. */
export function isExhausted({ kind, code }: Fault): boolean {
  return kind === 'authentication' && code === exhaustedCode
}

import { type FailedResponse, type Fault, openaiFault } from '@llmproxy/provider-kit'

/** The default classification, but for a conflict with another request: it passes, and says nothing about this one. */
export function conflictFault(response: FailedResponse): Fault | undefined {
  if (response.status !== 409 || response.inBand) return undefined
  return { ...openaiFault(response), kind: 'upstream' }
}

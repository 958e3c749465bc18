import { type FailedResponse, type Fault, openaiFault } from '@llmproxy/provider-kit'

/** Statuses that say nothing about the request: a tool server that failed, and a request that was cancelled on the way. */
const passing: ReadonlySet<number> = new Set([424, 499])

/** Classifies a failure. The shape is OpenAI's, without `param`; only two statuses mean something else than there. */
export function chatFault(response: FailedResponse): Fault {
  const fault = openaiFault(response)
  return !response.inBand && passing.has(response.status) && fault.kind === 'invalid_request'
    ? { ...fault, kind: 'upstream' }
    : fault
}

import type { HealthAnswer, HealthVerdict } from './contract.ts'
import { isHtml } from './error-detail.ts'
import type { Fault, FaultKind } from './fault.ts'
import { openaiFault } from './openai-fault.ts'

/** Faults that time alone does not repair. */
const forTheOperator: ReadonlySet<FaultKind> = new Set([
  'authentication',
  'model_not_found',
  'invalid_request',
])
/** Faults of a vendor that is well and answers no more than it wants to. */
const reachable: ReadonlySet<FaultKind> = new Set(['rate_limit', 'quota_exhausted'])

/**
 * What the answer to a health request means: 2xx is up, unless a web page answered; a limit that is used up is `degraded`, a key
 * or an address that is wrong is `unhealthy` for the operator, everything else is `unhealthy`. `fault` is the provider’s own
 * classification.
 */
export function healthVerdict(
  answer: HealthAnswer,
  fault: Fault = openaiFault({ ...answer, inBand: false }),
): HealthVerdict {
  if (answer.status >= 200 && answer.status < 300)
    return answer.body === undefined && isHtml(answer.text)
      ? { status: 'unhealthy', reason: 'configuration', message: 'a web page answered: check base_url' }
      : { status: 'healthy' }
  const { kind, message } = fault
  // Not followed: the address is another one.
  if (answer.status >= 300 && answer.status < 400)
    return { status: 'unhealthy', reason: 'configuration', message }
  if (reachable.has(kind)) return { status: 'degraded', reason: kind, message }
  return { status: 'unhealthy', reason: forTheOperator.has(kind) ? 'configuration' : kind, message }
}

import { healthVerdict, type HealthCheck } from '@llmproxy/provider-kit'
import { grokFault } from './fault.ts'

/** The list of models, which is free. A wrong key is told with 400. */
export const health: HealthCheck = {
  request: () => ({ method: 'GET', path: '/models' }),
  verdict(answer) {
    const verdict = healthVerdict(answer, grokFault({ ...answer, inBand: false }))
    // There is no list at this address: the operator has to correct it.
    return verdict.reason === 'unsupported' ? { ...verdict, reason: 'configuration' } : verdict
  },
}

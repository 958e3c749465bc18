import type { HealthCheck } from '@llmproxy/provider-kit'
import { blackboxFault } from './fault.ts'

/**
 * A GET of `path`. The vendor documents no free request, so one that it does not know, or does not like, proves that it is
 * there; a key that is wrong is told with 401.
 */
export function health(path: string): HealthCheck {
  return {
    request: () => ({ method: 'GET', path }),
    verdict(answer) {
      if (answer.status === 404)
        return { status: 'healthy', message: `reachable; there is no ${path}, so the key was not checked` }
      if (answer.status !== 400) return undefined
      const { kind } = blackboxFault({ ...answer, inBand: false })
      return kind === 'authentication' ? undefined : { status: 'healthy' }
    },
  }
}

import { healthVerdict, type HealthCheck } from '@llmproxy/provider-kit'
import { perplexityFault } from './fault.ts'
import type { Options } from './options.ts'

const paths = { chat: '/async/chat/completions?limit=1', ask: '/v1/models' } as const

/** There is no list of models; the list of asynchronous jobs costs nothing, and needs the key. */
export function healthCheck({ api, health_path: path = paths[api] }: Options): HealthCheck {
  return {
    request: () => ({ method: 'GET', path }),
    verdict(answer) {
      // What was wrong was looked at after the key.
      if (answer.status === 400 || answer.status === 422) return { status: 'healthy' }
      return healthVerdict(answer, perplexityFault({ ...answer, inBand: false }))
    },
  }
}

import { type HealthCheck, isObject } from '@llmproxy/provider-kit'

/** The key itself is asked about: the model list is public, and proves nothing. */
export const health: HealthCheck = {
  request: () => ({ method: 'GET', path: '/key' }),
  verdict({ status, body }) {
    if (status !== 200 || !isObject(body) || !isObject(body['data'])) return undefined
    const left = body['data']['limit_remaining']
    if (typeof left !== 'number' || left > 0) return undefined
    return {
      status: 'degraded',
      reason: 'quota_exhausted',
      message: 'the credit limit of the key is used up',
    }
  },
}

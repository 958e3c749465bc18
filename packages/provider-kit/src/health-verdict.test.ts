import { describe, expect, test } from 'vitest'
import type { HealthAnswer, HealthVerdict } from './contract.ts'
import { healthVerdict } from './health-verdict.ts'

function answer(status: number, body?: unknown): HealthAnswer {
  return { status, headers: {}, body, text: body === undefined ? '' : JSON.stringify(body) }
}

describe('the answer to a health request', () => {
  test.each<[number, Partial<HealthVerdict>]>([
    [200, { status: 'healthy' }],
    [204, { status: 'healthy' }],
    [301, { status: 'unhealthy', reason: 'configuration' }],
    [308, { status: 'unhealthy', reason: 'configuration' }],
    [400, { status: 'unhealthy', reason: 'configuration' }],
    [401, { status: 'unhealthy', reason: 'configuration' }],
    [402, { status: 'degraded', reason: 'quota_exhausted' }],
    [403, { status: 'unhealthy', reason: 'configuration' }],
    [404, { status: 'unhealthy', reason: 'configuration' }],
    [405, { status: 'unhealthy', reason: 'configuration' }],
    [408, { status: 'unhealthy', reason: 'timeout' }],
    [429, { status: 'degraded', reason: 'rate_limit' }],
    [500, { status: 'unhealthy', reason: 'upstream' }],
    [502, { status: 'unhealthy', reason: 'upstream' }],
    [503, { status: 'unhealthy', reason: 'overloaded' }],
    [504, { status: 'unhealthy', reason: 'timeout' }],
  ])('with status %i', (status, verdict) => {
    expect(healthVerdict(answer(status))).toMatchObject(verdict)
  })

  test('says why, without keys', () => {
    const body = { error: { message: 'Incorrect API key provided: sk-abcd1***wxyz.' } }
    expect(healthVerdict(answer(401, body)).message).toBe('Incorrect API key provided: [redacted].')
    expect(healthVerdict(answer(200))).toEqual({ status: 'healthy' })
  })

  test('a web page is not the upstream, whatever its status', () => {
    const page = '<!doctype html><title>Sign in</title>'
    expect(healthVerdict({ ...answer(200), text: page })).toEqual({
      status: 'unhealthy',
      reason: 'configuration',
      message: 'a web page answered: check base_url',
    })
    expect(healthVerdict({ ...answer(200), text: 'The server is running' })).toEqual({ status: 'healthy' })
    expect(healthVerdict({ ...answer(200, { data: ['</html>'] }) })).toEqual({ status: 'healthy' })
  })

  test('is classified by the provider', () => {
    const fault = { kind: 'quota_exhausted', message: 'no credit' } as const
    expect(healthVerdict(answer(400), fault)).toEqual({
      status: 'degraded',
      reason: 'quota_exhausted',
      message: 'no credit',
    })
    expect(healthVerdict(answer(200), fault)).toEqual({ status: 'healthy' })
  })
})

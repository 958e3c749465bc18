import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HealthCheck, Operation, UpstreamResponse } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, jsonResponse, never, type Toy, toyGateway } from '../test/toy-gateway.ts'

const health: HealthCheck = { request: () => ({ method: 'GET', path: '/up' }) }

function toy(answer: UpstreamResponse, check: HealthCheck | undefined = health, entry: object = {}): Toy {
  return {
    provider: { ...(check && { health: check }), exchange: () => Promise.resolve(answer) },
    entry,
  }
}

const failed = (status: number, code: string | null = null) =>
  jsonResponse({ error: { message: 'no', code } }, status)

test.each<[string, UpstreamResponse, object]>([
  ['2xx is healthy', jsonResponse({}), { status: 'healthy' }],
  ['a wrong key is the operator’s', failed(401), { status: 'unhealthy', reason: 'configuration' }],
  ['a forbidden key too', failed(403), { status: 'unhealthy', reason: 'configuration' }],
  ['a rate limit is reachable', failed(429), { status: 'degraded', reason: 'rate_limit' }],
  [
    'no credit is reachable',
    failed(429, 'insufficient_quota'),
    { status: 'degraded', reason: 'quota_exhausted' },
  ],
  ['5xx is down', failed(500), { status: 'unhealthy', reason: 'upstream' }],
  ['529 is down', failed(529), { status: 'unhealthy', reason: 'overloaded' }],
])('%s', async (_name, answer, verdict) => {
  const { gateway } = await toyGateway([toy(answer)])
  expect(await gateway.probe()).toMatchObject([{ provider: 'toy0', kind: 'free', verdict }])
})

test('the provider’s own verdict wins, and one that throws is an answer that cannot be read', async () => {
  const own: HealthCheck = {
    ...health,
    verdict: ({ status }) => (status === 400 ? { status: 'healthy' } : undefined),
  }
  const throwing: HealthCheck = {
    ...health,
    verdict: () => {
      throw new Error('bug')
    },
  }
  const { gateway } = await toyGateway([
    toy(failed(400), own),
    toy(failed(500), own),
    toy(failed(400), throwing),
  ])
  const reports = await gateway.probe()
  expect(reports.map(({ verdict }) => [verdict?.status, verdict?.reason])).toEqual([
    ['healthy', undefined],
    ['unhealthy', 'upstream'],
    ['unhealthy', 'bad_response'],
  ])
})

test('`health_check: generate` sends the smallest chat request to the first model with a full name', async () => {
  const sent: unknown[] = []
  const chat: Operation = {
    request: ({ model, body }) => ({ path: '/talk', body: { ...(body as object), model } }),
  }
  const { gateway } = await toyGateway([
    {
      provider: {
        health,
        operations: { chat: chat as never },
        exchange: ({ body, url }) => {
          sent.push([new URL(url).pathname, JSON.parse(Buffer.from(body!).toString())])
          return Promise.resolve(jsonResponse(chatAnswer('hello')))
        },
      },
      entry: { health_check: 'generate', models: ['big-*', { id: 'm', upstream: 'small' }] },
    },
  ])
  expect(await gateway.probe()).toMatchObject([{ kind: 'generate', verdict: { status: 'healthy' } }])
  expect(sent).toEqual([
    ['/talk', { model: 'small', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }],
  ])
})

test('what cannot be asked says why', async () => {
  const generate = { health_check: 'generate', models: ['big-*'] }
  const { gateway } = await toyGateway([
    toy(jsonResponse({}), undefined),
    { provider: { exchange: () => never } },
    toy(jsonResponse({}), health, { health_check: 'off' }),
    toy(jsonResponse({}), health, generate),
  ])
  const reports = await gateway.probe()
  expect(reports.map(({ skipped }) => skipped)).toEqual([
    undefined,
    'this provider has no free health request',
    'health_check is off',
    'no model is configured by its full name, which a generating health check needs',
  ])
})

test('a vendor that does not answer is unhealthy after the time limit', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway([{ provider: { health, exchange: () => never } }], {}, { clock })
  const asked = gateway.probe(3_000)
  clock.advance(3_000)
  expect(await asked).toMatchObject([
    { verdict: { status: 'unhealthy', reason: 'timeout' }, durationMs: 3_000 },
  ])
})

test('a vendor that answers health requests on another host is asked there, with its credentials', async () => {
  const seen: string[] = []
  const server = createServer((request, reply) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization}`)
    reply.end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const elsewhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}/control`
  const { gateway } = await toyGateway([
    {
      provider: {
        baseUrl: 'http://127.0.0.1:9',
        health: { baseUrl: elsewhere, request: () => ({ path: '/models', method: 'GET' }) },
        authorize: () => ({ authorization: 'Bearer test-key' }),
      },
    },
  ])
  expect(await gateway.probe()).toMatchObject([{ verdict: { status: 'healthy' } }])
  expect(seen).toEqual(['GET /control/models Bearer test-key'])
  await gateway.close()
  server.close()
})

test.each(['no url', 'toy://elsewhere'])(
  'an address of a plugin that is none (%s) is told, not thrown',
  async (baseUrl) => {
    const { gateway } = await toyGateway([
      {
        provider: {
          baseUrl: 'http://127.0.0.1:9',
          health: { baseUrl, request: () => ({ path: '/models', method: 'GET' }) },
        },
      },
    ])
    const [report] = await gateway.probe()
    expect(report?.verdict).toMatchObject({ status: 'unhealthy', message: expect.stringContaining(baseUrl) })
    await gateway.close()
  },
)

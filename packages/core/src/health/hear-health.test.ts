import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse, toyGateway } from '../../test/toy-gateway.ts'
import type { ProbeReport } from '../probe.ts'

const refused: ProbeReport = {
  provider: 'toy0',
  type: 'toy0',
  kind: 'free',
  answered: 0,
  verdict: { status: 'unhealthy', reason: 'configuration', message: 'the key is not accepted' },
  durationMs: 1,
}

function statusOf(gateway: { providers(): object }): unknown {
  return (gateway.providers() as { providers: readonly { status: unknown }[] }).providers[0]?.status
}

test('what another gateway has found counts as if it had been found here, until a request shows better', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [{ provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('hi'))) } }],
    {},
    { clock },
  )
  clock.advance(1_000)
  gateway.hearHealth({ report: { ...refused, provider: 'unknown' }, agoMs: 5 })
  expect(statusOf(gateway)).toBe('healthy')
  gateway.hearHealth({ report: { ...refused, provider: 'toy0' }, agoMs: 5 })
  expect(statusOf(gateway)).toBe('unhealthy')
  clock.advance(1_000)
  // Asked all the same, since there is no other.
  const answer = await gateway.respond('chat', chatBody())
  expect(answer.status).toBe(200)
  await answer.text()
  await answer.outcome
  expect(statusOf(gateway)).toBe('healthy')
  await gateway.close()
})

import { setImmediate as turn } from 'node:timers/promises'
import type { Operation } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../test/manual-clock.ts'
import {
  chatBody,
  chatFrame,
  eventResponse,
  jsonResponse,
  never,
  throwFault,
  type Toy,
  toyGateway,
} from '../test/toy-gateway.ts'

/** Timers of the platform may fire before their time, as this clock's do. */
class HastyClock extends ManualClock {
  override after(milliseconds: number, callback: () => void): unknown {
    return super.after(Math.max(0, milliseconds - 0.4), callback)
  }
}

/** A process that was busy: the time has come, and no timer has run yet. */
class BusyClock extends ManualClock {
  busyMs = 0
  override now(): number {
    return super.now() + this.busyMs
  }
}

async function passing(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let step = 0; step < 10; step += 1) await turn()
  clock.advance(milliseconds)
  for (let step = 0; step < 10; step += 1) await turn()
}

async function* oneFrame(): AsyncGenerator<Uint8Array> {
  yield Buffer.from(chatFrame({ role: 'assistant', content: 'Hel' }))
  await never
}

test('a queue that uses up the time ends the request by its own limit, also when the timer is early', async () => {
  const clock = new HastyClock()
  const full: Toy = {
    provider: { exchange: () => Promise.resolve(eventResponse(oneFrame())) },
    entry: { max_connections: 1, queue_timeout: 60 },
  }
  const limits = { request_timeout: 5, idle_timeout: 0 }
  const { gateway, outcomes } = await toyGateway([full], limits, { clock })
  // A stream that has begun is none of the limit's.
  const leaving = new AbortController()
  const running = await gateway.respond('chat', chatBody({ stream: true }), { signal: leaving.signal })
  const queued = gateway.respond('chat', chatBody())
  await passing(clock, 4_999)
  expect(outcomes).toEqual([])
  await passing(clock, 0.6)
  expect((await queued).status).toBe(504)
  expect(outcomes[0]).toMatchObject({ errorCode: 'request_timeout', ending: 'proxy_timeout', attempts: [] })
  leaving.abort()
  await running.outcome
  expect(clock.pending).toBe(0)
})

test('time that runs out with a failure keeps the next provider from being asked, and that is the answer', async () => {
  const clock = new BusyClock()
  const late = (): Promise<never> => {
    clock.busyMs = 5_000
    return throwFault({ kind: 'overloaded', message: 'busy' })
  }
  let asked = 0
  const next = () => {
    asked += 1
    return never
  }
  const { gateway, outcomes } = await toyGateway(
    [{ provider: { authorize: late, exchange: next } }, { provider: { exchange: next } }],
    { request_timeout: 5 },
    { clock },
  )
  expect((await gateway.respond('chat', chatBody())).status).toBe(504)
  expect(outcomes[0]).toMatchObject({ errorCode: 'request_timeout', ending: 'proxy_timeout' })
  expect(asked).toBe(0)
})

test('a provider that fails as the time runs out, with none behind it, is told as the failure that it is', async () => {
  const clock = new BusyClock()
  const late = (): Promise<never> => {
    clock.busyMs = 5_000
    return throwFault({ kind: 'upstream', message: 'broken' })
  }
  const { gateway } = await toyGateway(
    [{ provider: { authorize: late, exchange: () => never }, entry: { max_retries: 0 } }],
    { request_timeout: 5 },
    { clock },
  )
  expect((await gateway.respond('chat', chatBody())).status).toBe(502)
})

test.each([5, 0])(
  'without a deadline, a job that never ends has the provider’s timeout: %s',
  async (timeout) => {
    const clock = new ManualClock()
    const videos: Operation = {
      request: () => ({ path: '/jobs' }),
      follow: () => ({ request: { path: '/jobs/1' }, afterMs: 2_000 }),
    }
    const open = () => Promise.resolve(jsonResponse({ status: 'open' }))
    const job: Toy = {
      provider: { operations: { videos: videos as never }, exchange: open },
      entry: { timeout },
    }
    const off = { request_timeout: 0, idle_timeout: 0 }
    const { gateway, outcomes } = await toyGateway([job], off, { clock })
    const leaving = new AbortController()
    const body = { model: 'm', prompt: 'a cat' }
    const asked = gateway.respond('videos', body, { signal: leaving.signal })
    for (let second = 0; second < 20; second += 1) await passing(clock, 1_000)
    expect(gateway.inFlight).toBe(timeout === 0 ? 1 : 0)
    leaving.abort()
    await (
      await asked
    ).outcome
    expect(outcomes[0]).toMatchObject(
      // With neither, it is the client's to leave.
      timeout === 0
        ? { ending: 'client_gone' }
        : { errorCode: 'upstream_first_byte_timeout', durationMs: 5_000 },
    )
    expect(clock.pending).toBe(0)
  },
)

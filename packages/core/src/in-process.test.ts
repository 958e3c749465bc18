import { getEventListeners } from 'node:events'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { Egress } from './egress.ts'
import { respond } from './in-process.ts'
import type { Ingress } from './ingress/ingress.ts'
import type { Outcome } from './metrics/outcome.ts'
import { ManualClock } from '../test/manual-clock.ts'
import { chatBody } from '../test/toy-gateway.ts'

const parts = { clock: new ManualClock(), newId: () => 'id-1' }

/** A gateway of one function; its outcome is `{}`. */
function gateway(serve: (egress: Egress, ingress: Ingress) => Promise<void> | void) {
  return {
    handle: async (ingress: Ingress, egress: Egress) => {
      await serve(egress, ingress)
      return {} as Outcome
    },
  }
}

test('the answer is there as soon as its head is, and its body as it comes', async () => {
  let more: () => void = () => undefined
  const answer = await respond(
    gateway(async (egress) => {
      egress.head(200, { 'x-test': 'yes' })
      egress.write('a')
      await new Promise<void>((resolve) => void (more = resolve))
      egress.end('b')
    }),
    'chat',
    chatBody(),
    {},
    parts,
  )
  expect([answer.status, answer.headers]).toEqual([200, { 'x-test': 'yes' }])
  const body = answer.body[Symbol.asyncIterator]()
  expect(Buffer.from((await body.next()).value as Uint8Array).toString()).toBe('a')
  more()
  expect(Buffer.from((await body.next()).value as Uint8Array).toString()).toBe('b')
  expect((await body.next()).done).toBe(true)
  expect(await answer.outcome).toEqual({})
})

test('what is written waits for the reader, and the writer hears when it has been read, once', async () => {
  const results: boolean[] = []
  let drains = 0
  const answer = await respond(
    gateway((egress) => {
      egress.onDrain = () => void drains++
      egress.head(200, {})
      results.push(egress.write(Buffer.alloc(60_000)), egress.write(Buffer.alloc(60_000)))
    }),
    'chat',
    chatBody(),
    {},
    parts,
  )
  expect(results).toEqual([true, false])
  const body = answer.body[Symbol.asyncIterator]()
  await body.next()
  expect(drains).toBe(0)
  await body.next()
  void body.next()
  await turn()
  expect(drains).toBe(1)
})

test('a small write behind a full queue does not make the writer wait for ever', async () => {
  let drains = 0
  let egress: Egress | undefined
  const answer = await respond(
    gateway((given) => {
      egress = given
      given.onDrain = () => void drains++
      given.head(200, {})
      given.write(Buffer.alloc(40_000))
      given.write(Buffer.alloc(40_000))
    }),
    'chat',
    chatBody(),
    {},
    parts,
  )
  const body = answer.body[Symbol.asyncIterator]()
  await body.next()
  expect(egress?.write('x')).toBe(false)
  await body.next()
  await body.next()
  void body.next()
  await turn()
  expect(drains).toBe(1)
})

test('leaving the loop early is a client that leaves', async () => {
  let gone = 0
  const answer = await respond(
    gateway(async (egress) => {
      egress.head(200, {})
      egress.write('a')
      await new Promise<void>((resolve) => {
        egress.onGone = () => {
          gone += 1
          resolve()
        }
      })
    }),
    'chat',
    chatBody(),
    {},
    parts,
  )
  for await (const _chunk of answer.body) break
  await answer.outcome
  expect(gone).toBe(1)
})

test('a signal that outlives many requests remembers none of them', async () => {
  const controller = new AbortController()
  for (let count = 0; count < 3; count++) {
    const answer = await respond(
      gateway((egress) => {
        egress.head(200, {})
        egress.end('{}')
      }),
      'chat',
      chatBody(),
      { signal: controller.signal },
      parts,
    )
    await answer.text()
    await answer.outcome
  }
  await turn()
  expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0)
})

test('a signal that has fired already is a client that has left', async () => {
  let gone: boolean | undefined
  const answer = await respond(
    gateway((egress) => void (gone = egress.gone)),
    'chat',
    chatBody(),
    { signal: AbortSignal.abort() },
    parts,
  )
  expect(gone).toBe(true)
  expect(answer.status).toBe(0)
  expect(await answer.text()).toBe('')
})

test.each([
  ['undefined', undefined],
  ['a function', () => 1],
  ['a number of arbitrary size', { model: 'm', messages: [{ role: 'user', content: 'x' }], seed: 1n }],
  ['a circle', circle()],
  ['no messages', { model: 'm' }],
])('%s as a body is refused with a 400 in the dialect, not with a rejection', async (_name, body) => {
  for (const operation of ['chat', 'messages'] as const) {
    const answer = await respond(
      gateway(() => undefined),
      operation,
      body,
      {},
      parts,
    )
    expect(answer.status).toBe(400)
    const error = (await answer.json()) as { type?: string; error: { type: string } }
    expect(error.error.type).toBe('invalid_request_error')
    expect(error.type).toBe(operation === 'messages' ? 'error' : undefined)
    expect(await answer.outcome).toBeUndefined()
  }
})

function circle(): object {
  const body: Record<string, unknown> = { model: 'm' }
  body['self'] = body
  return body
}

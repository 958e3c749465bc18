import { definePlugin, type Provider, ProviderFault, type UpstreamResponse } from '@llmproxy/provider-kit'
import { describe, expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../test/manual-clock.ts'
import { chatAnswer, chatBody, chatFrame, eventResponse, jsonResponse } from '../test/toy-gateway.ts'
import { ConfigError } from './config/problem.ts'
import type { GatewayConfigInput } from './config/schema.ts'
import { createGateway, type GatewayOptions } from './create-gateway.ts'

type Entry = NonNullable<GatewayConfigInput['providers']>[number]

const good = { name: 'a', type: 'toy', models: ['m'], max_retries: 0 } satisfies Entry

/** A gateway of toys that answer what `answer` says now; told which key they were made with. */
async function gatewayOf(first: GatewayConfigInput = { providers: [good] }, options: GatewayOptions = {}) {
  const state = {
    answer: (_key: string): Promise<UpstreamResponse> => Promise.resolve(jsonResponse(chatAnswer('hi'))),
  }
  const toy = definePlugin({
    type: 'toy',
    options: z.strictObject({ api_key: z.string().default('none'), base: z.string().default('toy://here') }),
    create: ({ api_key: key, base }): Provider => ({
      baseUrl: base,
      operations: { chat: { request: () => ({ path: '/chat' }) } },
      authorize: () => ({}),
      exchange: () => state.answer(key),
    }),
  })
  const clock = new ManualClock()
  const gateway = await createGateway(
    { keepalive_interval: 0, ...first },
    { plugins: [toy], clock, ...options },
  )
  onTestFinished(() => gateway.close())
  const ask = () => gateway.respond('chat', chatBody())
  return {
    gateway,
    clock,
    state,
    ask,
    status: async () => (await ask()).status,
    reload: (...providers: Entry[]) => gateway.reload({ keepalive_interval: 0, providers }),
    breaker: () => /^llmproxy_breaker_state\{.*\} (\d)$/m.exec(gateway.prometheus())?.[1],
  }
}

/** An answer that comes when the test says so. */
function later() {
  let come: (response: UpstreamResponse) => void = () => {}
  const answer = new Promise<UpstreamResponse>((resolve) => (come = resolve))
  return { answer, come: (text: string) => come(jsonResponse(chatAnswer(text))) }
}

function down(): Promise<never> {
  return Promise.reject(new ProviderFault({ kind: 'upstream', message: 'down' }))
}

async function textOf(answer: Promise<{ json(): Promise<unknown> }>): Promise<unknown> {
  const body = (await (await answer).json()) as { choices?: { message: { content: string } }[] }
  return body.choices?.[0]?.message.content
}

describe('a reload', () => {
  test('lets a request that runs finish with what it began with, even if its provider is gone', async () => {
    const { gateway, state, ask, reload, status } = await gatewayOf({ providers: [good], proxy_info: false })
    const { answer, come } = later()
    state.answer = () => answer
    const running = ask()
    await reload({ ...good, name: 'b', models: ['n'] })
    expect(await status()).toBe(404)
    expect(gateway.inFlight).toBe(1)
    come('still here')
    const { headers } = await running
    expect(headers['x-llmproxy-provider']).toBe('a')
    const body = (await (await running).json()) as object
    expect(body).toMatchObject({ choices: [{ message: { content: 'still here' } }] })
    expect(body).not.toHaveProperty('_proxy_info')
  })

  test('lets a stream that runs finish, and a failure after the reload is told by the rules of before', async () => {
    const { state, gateway, reload } = await gatewayOf({ providers: [good], error_details: false })
    let go = () => {}
    const gate = new Promise<void>((resolve) => (go = resolve))
    async function* frames(end: string) {
      yield Buffer.from(chatFrame({ role: 'assistant', content: 'one' }))
      await gate
      yield Buffer.from(end)
    }
    state.answer = () =>
      Promise.resolve(
        eventResponse(frames(`${chatFrame({ content: 'two' })}${chatFrame({}, 'stop')}data: [DONE]\n\n`)),
      )
    const whole = await gateway.respond('chat', chatBody({ stream: true }))
    state.answer = () => Promise.resolve(eventResponse(frames('')))
    const broken = await gateway.respond('chat', chatBody({ stream: true }))
    for (let n = 0; n < 20; n += 1) await reload({ ...good, name: `b${n % 2}`, timeout: n })
    go()
    expect(await whole.text()).toMatch(/one.*two.*\[DONE\]\n\n$/s)
    expect(await broken.text()).toMatch(/one.*"error":\{.*\n\n$/s)
  })

  test('that is faulty changes nothing, and says everything that is wrong', async () => {
    const { gateway, reload, status } = await gatewayOf()
    const faulty = reload({ ...good, api_key: 'x', nonsense: 1 }, { ...good, name: 'b', type: 'absent' })
    await expect(faulty).rejects.toSatisfy((error) => ConfigError.is(error))
    await expect(faulty).rejects.toThrow(/nonsense[\s\S]*absent/)
    expect([gateway.on.map(({ name }) => name), await status()]).toEqual([['a'], 200])
    expect(gateway.ledger.snapshot()).toMatchObject({ reloads: 0, reloadFailures: 1, reloadFailed: true })
    await reload(good)
    expect(gateway.ledger.snapshot()).toMatchObject({ reloads: 1, reloadFailures: 1, reloadFailed: false })
  })

  test('comes after the one before it, also when that one is faulty', async () => {
    const { gateway, reload } = await gatewayOf()
    const results = await Promise.allSettled([
      reload({ ...good, timeout: 1 }),
      reload({ ...good, type: 'absent' }),
      reload({ ...good, timeout: 2 }),
    ])
    expect(
      results.map((result) => (result.status === 'fulfilled' ? result.value.changed : 'faulty')),
    ).toEqual([['providers.a.timeout'], 'faulty', ['providers.a.timeout']])
    expect(gateway.config.providers[0]?.timeout).toBe(2)
  })

  test('keeps former keys out of everything that is shown', async () => {
    const { gateway, reload } = await gatewayOf({ providers: [{ ...good, api_key: 'first-canary' }] })
    await reload({ ...good, api_key: 'second-canary' })
    expect(gateway.scrub('first-canary second-canary')).toBe('[redacted] [redacted]')
  })

  test('is refused by a gateway that is closed', async () => {
    const { gateway, reload } = await gatewayOf()
    await gateway.close()
    await expect(reload(good)).rejects.toThrow('closed')
    expect(gateway.ready()).toBe(false)
  })

  test('finds what was installed since, and keys of the environment that comes with it', async () => {
    const loaded: string[] = []
    const { gateway } = await gatewayOf(
      { providers: [good] },
      {
        load: (type) => {
          loaded.push(type)
          return Promise.reject(new Error('not installed'))
        },
      },
    )
    const providers = [good, { ...good, name: 'b', type: 'other', api_key_env: 'B_KEY' }]
    expect(await gateway.reload({ providers }, {})).toMatchObject({
      changed: ['providers.b', 'keepalive_interval'].toReversed(),
    })
    await expect(gateway.reload({ providers }, { B_KEY: 'x' })).rejects.toThrow('not installed')
    await expect(gateway.reload({ providers }, { B_KEY: 'x' })).rejects.toThrow('not installed')
    expect(loaded).toEqual(['other', 'other'])
  })
})

describe('live state', () => {
  const brittle = { ...good, circuit_breaker_threshold: 1, circuit_breaker_timeout: 60 }

  test('of a breaker goes on under other limits', async () => {
    const { state, status, reload, clock, breaker } = await gatewayOf({ providers: [brittle] })
    state.answer = down
    expect([await status(), await status(), breaker()]).toEqual([502, 503, '2'])
    await reload({ ...brittle, timeout: 9, weight: 3, priority: 7 })
    expect([await status(), breaker()]).toEqual([503, '2'])
    state.answer = () => Promise.resolve(jsonResponse(chatAnswer('hi')))
    clock.advance(60_000)
    expect([await status(), breaker()]).toEqual([200, '0'])
  })

  test('of failures that have not opened a breaker yet counts against the threshold of now', async () => {
    const { state, status, reload, breaker } = await gatewayOf({
      providers: [{ ...brittle, circuit_breaker_threshold: 5 }],
    })
    state.answer = down
    for (let n = 0; n < 3; n += 1) await status()
    expect(breaker()).toBeUndefined()
    await reload({ ...brittle, circuit_breaker_threshold: 4 })
    await status()
    expect(breaker()).toBe('2')
  })

  test.each([
    ['another key', { api_key: 'another' }],
    ['another address', { base: 'toy://there' }],
  ])('is forgotten with %s: it says nothing about that', async (_, change) => {
    const { state, status, reload, breaker } = await gatewayOf({ providers: [brittle] })
    state.answer = down
    await status()
    expect(breaker()).toBe('2')
    await reload({ ...brittle, ...change })
    expect(breaker()).toBeUndefined()
    state.answer = () => Promise.resolve(jsonResponse(chatAnswer('hi')))
    expect(await status()).toBe(200)
  })

  test('of a model that is no longer configured is gone, from the metrics too', async () => {
    const { state, status, reload, breaker } = await gatewayOf({ providers: [brittle] })
    state.answer = down
    await status()
    await reload({ ...brittle, models: ['n'] })
    expect(breaker()).toBeUndefined()
    await reload(brittle)
    state.answer = () => Promise.resolve(jsonResponse(chatAnswer('hi')))
    expect([await status(), breaker()]).toEqual([200, undefined])
  })

  test('of what is no longer in use does not change when a request of before fails', async () => {
    const told: unknown[] = []
    const { state, ask, reload, breaker, gateway } = await gatewayOf(
      { providers: [brittle] },
      { peers: { tell: (pause) => void told.push(pause), listen: () => undefined } },
    )
    let fail = () => {}
    state.answer = () =>
      new Promise((_, reject) => (fail = () => reject(new ProviderFault({ kind: 'upstream', message: 'x' }))))
    const running = ask()
    await reload({ ...brittle, api_key: 'another' })
    fail()
    expect((await running).status).toBe(502)
    expect([breaker(), told, gateway.health().status]).toEqual([undefined, [], 'healthy'])
  })

  test('of a pause goes on', async () => {
    const { state, status, reload, clock } = await gatewayOf()
    state.answer = () =>
      Promise.reject(new ProviderFault({ kind: 'rate_limit', message: 'slow down', retryAfterMs: 30_000 }))
    expect(await status()).toBe(429)
    state.answer = () => Promise.resolve(jsonResponse(chatAnswer('hi')))
    await reload({ ...good, timeout: 9 })
    expect(await status()).toBe(429)
    clock.advance(30_000)
    expect(await status()).toBe(200)
  })

  test('of slots goes on: requests that run count against the limit of now', async () => {
    const entry = { ...good, max_connections: 3, queue_timeout: 0 }
    const { state, ask, status, reload } = await gatewayOf({ providers: [entry] })
    const { answer, come } = later()
    state.answer = () => answer
    const running = [ask(), ask()]
    await reload({ ...entry, max_connections: 2 })
    state.answer = () => Promise.resolve(jsonResponse(chatAnswer('hi')))
    expect(await status()).toBe(503)
    come('done')
    expect(await Promise.all(running.map(textOf))).toEqual(['done', 'done'])
    expect(await status()).toBe(200)
  })
})

import {
  type PreparedRequest,
  type Provider,
  ProviderFault,
  type UpstreamResponse,
} from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { chat } from '../test/ask.ts'
import plugin, { createMockPlugin } from './index.ts'

/** Time that stands still until it is moved. */
function stoppedClock() {
  let now = 0
  const timers = new Map<object, { at: number; callback: () => void }>()
  return {
    now: () => now,
    after: (milliseconds: number, callback: () => void) => {
      const timer = {}
      timers.set(timer, { at: now + milliseconds, callback })
      return timer
    },
    cancel: (timer: unknown) => void timers.delete(timer as object),
    pending: () => timers.size,
    move: (milliseconds: number) => {
      now += milliseconds
      for (const [timer, { at, callback }] of timers) {
        if (at > now) continue
        timers.delete(timer)
        callback()
      }
    },
  }
}

function ask(
  provider: Provider,
  model: string,
  more: object = {},
  signal = new AbortController().signal,
): Promise<UpstreamResponse> {
  const request: PreparedRequest = {
    operation: 'chat',
    method: 'POST',
    url: `${provider.baseUrl}/chat/completions`,
    headers: {},
    body: Buffer.from(JSON.stringify(chat(model, more))),
  }
  return provider.exchange!(request, { signal, now: () => 0 })
}

async function text(response: UpstreamResponse): Promise<string> {
  if (response.body instanceof Uint8Array) return Buffer.from(response.body).toString()
  const pieces: Uint8Array[] = []
  for await (const piece of response.body) pieces.push(piece)
  return Buffer.concat(pieces).toString()
}

const provider = plugin.create({ latency: 0 })

test('the plugin has every operation, and only its own options', async () => {
  expect(plugin).toMatchObject({ apiVersion: 1, type: 'mock' })
  expect(Object.keys(provider.operations)).toEqual(['chat', 'completions', 'embeddings', 'images', 'videos'])
  expect(await plugin.options['~standard'].validate({})).toEqual({ value: { latency: 0 } })
  expect(await plugin.options['~standard'].validate({ latncy: 5 })).toHaveProperty('issues')
})

test('whole and streamed answers come in process', async () => {
  const whole = await ask(provider, 'mock-echo')
  expect(whole.status).toBe(200)
  expect(JSON.parse(await text(whole)).choices[0].message.content).toBe('Hello there')
  expect(await text(await ask(provider, 'mock-echo', { stream: true }))).toMatch(/data: \[DONE\]\n\n$/)
  expect((await ask(provider, 'gpt-4o')).status).toBe(404)
})

test('the model list and the health probe are answered', async () => {
  const { path, method = 'POST' } = provider.health!.request()
  const io = { signal: new AbortController().signal, now: () => 0 }
  const response = await provider.exchange!(
    { operation: 'health', method, url: provider.baseUrl + path, headers: {} },
    io,
  )
  expect(response.status).toBe(200)
  expect(provider.models!.response(JSON.parse(await text(response)))).toContain('mock-echo')
})

test('refused rejects with a network fault', async () => {
  const error: unknown = await ask(provider, 'mock-refused').catch((reason: unknown) => reason)
  expect(ProviderFault.is(error) && error.fault.kind).toBe('network')
})

test('a cut makes the body throw after the bytes before it', async () => {
  const { body } = await ask(provider, 'mock-chunks-9-cut-after-2', { stream: true })
  const pieces: string[] = []
  const reading = (async () => {
    for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(Buffer.from(piece).toString())
  })()
  await expect(reading).rejects.toMatchObject({ code: 'ECONNRESET' })
  expect(pieces).toHaveLength(3)
})

test('hang ends with the reason of the signal, before and after the headers', async () => {
  const abort = new AbortController()
  const before = ask(provider, 'mock-hang', {}, abort.signal)
  const after = ask(provider, 'mock-hang-after-1', { stream: true }, abort.signal).then(text)
  setTimeout(() => abort.abort(new Error('left')), 5)
  await expect(before).rejects.toThrow('left')
  await expect(after).rejects.toThrow('left')
})

test('waits run on the injected clock and leave no timer behind', async () => {
  const clock = stoppedClock()
  const slow = createMockPlugin(clock).create({ latency: 1000 })
  const answer = ask(slow, 'mock-latency-500')
  await Promise.resolve()
  clock.move(1000)
  await new Promise(setImmediate)
  expect(clock.pending()).toBe(1)
  clock.move(500)
  expect((await answer).status).toBe(200)
  const abort = new AbortController()
  const left = ask(slow, 'mock-echo', {}, abort.signal)
  abort.abort(new Error('left'))
  await expect(left).rejects.toThrow('left')
  expect(clock.pending()).toBe(0)
})

test('flaky counts per provider', async () => {
  const own = plugin.create({ latency: 0 })
  expect([(await ask(own, 'mock-flaky-1')).status, (await ask(own, 'mock-flaky-1')).status]).toEqual([
    500, 200,
  ])
})

import type { GatewayConfigInput } from '@llmproxy/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Answer,
  chunk,
  errorBody,
  failing,
  type Leaving,
  openStream,
  type Proxy,
  type Reply,
  type SeenRequest,
  send,
  sendJson,
  sleep,
  start,
  startProxy,
  streamEnd,
  until,
} from '../reliability/support.ts'
import {
  condensingConfig,
  conversation,
  hangs,
  inUse,
  nothing,
  refuses,
  says,
  type Scripted,
  scripted,
  slotsOf,
} from './support/scripted.ts'

const path = '/v1/chat/completions'

/** What an upstream may do with a request, or with one for a summary. */
const plays = {
  answers: (request, response) => {
    if (!request.body.includes('"stream":true')) return says('Well.')(request, response)
    return void openStream(response).end(chunk('Well.') + streamEnd)
  },
  refuses,
  'refuses by numbers': ({ body }, response) => {
    const counted = Math.ceil(body.length / 4)
    const text = `prompt is too long: ${counted} tokens > ${Math.floor(counted * 0.7)} maximum`
    sendJson(response, 400, errorBody(text, 'invalid_request_error'))
  },
  'refuses max_tokens': (_, response) => {
    const text =
      "This model's maximum context length is 4000 tokens. However, you requested 4500 tokens (2500 in the messages, 2000 in the completion)."
    sendJson(response, 400, errorBody(text, 'invalid_request_error', 'context_length_exceeded'))
  },
  fails: failing(500),
  'is overloaded': failing(503, { 'retry-after-ms': '5' }),
  limits: failing(429, { 'retry-after-ms': '5' }),
  'says nothing': (_, response) => sendJson(response, 200, {}),
  'is cut': (_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":[{"mes')
    setTimeout(() => response.destroy(), 5)
  },
  resets: ({ socket }) => void socket.resetAndDestroy(),
  hangs,
} as const satisfies Readonly<Record<string, Answer>>
type Play = keyof typeof plays

/** Refusals and answers more often than what else may happen. */
const play = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom<Play>('refuses', 'refuses by numbers', 'refuses max_tokens') },
  { weight: 2, arbitrary: fc.constant<Play>('answers') },
  { weight: 3, arbitrary: fc.constantFrom(...(Object.keys(plays) as Play[])) },
)
const script = fc.record({
  /** The first request of a conversation, the second, and so on; the last goes on. */
  requests: fc.tuple(
    fc.constantFrom<Play>('refuses', 'refuses by numbers', 'refuses max_tokens'),
    play,
    play,
    play,
  ),
  /** In turn. */
  summaries: fc.array(play, { minLength: 1, maxLength: 3 }),
  stream: fc.constantFrom(false, false, true),
  maxTokens: fc.boolean(),
  /** Milliseconds until the client leaves. */
  leaves: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 120 }) },
  ),
  /** Two clients ask the same at once. */
  twice: fc.boolean(),
})
type Script = typeof script extends fc.Arbitrary<infer Value> ? Value : never

/** An upstream that plays the script of the conversation that it is asked about. */
async function player() {
  const scripts = new Map<string, { readonly script: Script; asked: number; summaries: number }>()
  const found = ({ body }: SeenRequest) => scripts.get(/topic-\d+-/.exec(body.toString('latin1'))?.[0] ?? '')
  const upstream = await scripted({
    request: (request, response) => {
      const own = found(request)
      if (own === undefined) return plays.answers(request, response)
      const { requests } = own.script
      plays[requests[Math.min(own.asked++, requests.length - 1)]!](request, response)
    },
    summary: (request, response) => {
      const own = found(request)
      // Summaries of summaries do not say what they are about.
      if (own === undefined) return plays.answers(request, response)
      const { summaries } = own.script
      plays[summaries[own.summaries++ % summaries.length]!](request, response)
    },
  })
  return { upstream, scripts }
}

let topics = 0

/** One client's request, until it has ended. `undefined`: the client has left before. */
async function client(proxy: Proxy, topic: string, { stream, leaves, maxTokens }: Script, id: string) {
  const body = {
    model: 'm',
    messages: conversation(topic, 3),
    stream,
    ...(maxTokens && { max_tokens: 2_000 }),
  }
  if (leaves === undefined) return send(proxy.url, path, { body, headers: { 'x-request-id': id } })
  const leaving: Leaving = start(proxy.url, path, body)
  await sleep(leaves)
  leaving.leave()
  return undefined
}

const limits = { max_attempts: 3, request_timeout: 0.4, max_retry_wait: 0.02 } satisfies GatewayConfigInput

/** As it came, with a lower max_tokens, for a larger model, with a summary, truncated. */
const mostForms = 5

type Condensation = NonNullable<GatewayConfigInput['condensation']>

/** The least of condensation, and everything on. */
const settings: Readonly<Record<string, { condensation: Condensation; model: object }>> = {
  'what is condensed by default': { condensation: {}, model: {} },
  'with everything on': {
    condensation: {
      streaming: true,
      preflight: true,
      preflight_share: 0.5,
      background: true,
      background_share: 0.1,
      recent_share: 0.3,
    },
    model: { context_window: 2_000, context_fallback: 'large' },
  },
}

async function randomGateway(upstream: Scripted, { condensation, model }: (typeof settings)[string]) {
  const entry = {
    models: [{ id: 'm', ...model }, 'large'],
    timeout: 0.15,
    max_retries: 1,
    max_connections: 8,
    circuit_breaker_timeout: 0.05,
  }
  const upstreams = [4, 1_000].map((circuit_breaker_threshold) => ({
    url: upstream.url,
    entry: { ...entry, circuit_breaker_threshold },
  }))
  const all = { timeout: 0.12, calls_per_minute: null, ...condensation }
  return startProxy({ ...condensingConfig(upstreams, all), ...limits })
}

/** One of the answers that a client may get, and one ending. */
function expectEnded({ status, text }: Reply) {
  expect([200, 400, 429, 502, 503, 504]).toContain(status)
  expect(text.match(/"error":|"finish_reason":"stop"/g)).toHaveLength(1)
}

test.each(Object.entries(settings))(
  '%s: a request ends once, and nothing is left of it',
  async (_, given) => {
    const { upstream, scripts } = await player()
    const proxy = await randomGateway(upstream, given)
    let least = 0
    const round = async (played: readonly Script[]) => {
      const replies = played.flatMap((each) => {
        const topic = `topic-${(topics += 1)}-`
        scripts.set(topic, { script: each, asked: 0, summaries: 0 })
        const ids = each.twice ? [`${topic}1`, `${topic}2`] : [topic]
        // One that leaves may be gone before its request has arrived.
        if (each.leaves === undefined) least += ids.length
        return ids.map((id) => client(proxy, topic, each, id))
      })
      for (const reply of await Promise.all(replies)) if (reply !== undefined) expectEnded(reply)
      await until(() => proxy.requests.length >= least && proxy.gateway.inFlight === 0)
      // Nobody waits for summaries any more, and those that are prepared end within their time.
      await until(
        () => upstream.requests.every(({ closedAt }) => closedAt !== undefined) && slotsOf(proxy) === 0,
        1_000,
      )
    }
    const rounds = fc.array(script, { minLength: 24, maxLength: 24 })
    await fc.assert(fc.asyncProperty(rounds, round), { numRuns: 2, seed: 5, endOnFailure: true })
    for (const { attempts } of proxy.requests)
      expect(attempts).toBeLessThanOrEqual(limits.max_attempts + mostForms - 1)
    expectOnce(proxy.requests.map((line) => line['request_id']))
    const made = proxy.lines.filter(({ message, fields }) => message === 'summary' && !fields['background'])
    expect(made.length).toBeGreaterThan(3)
    expectOnce(made.map(({ fields }) => fields['request_id']))
    // A permit that was not given back would keep a breaker half open for ever.
    await sleep(60)
    for (const model of ['a/m', 'a/large', 'b/m', 'b/large']) {
      const body = { model, messages: [{ role: 'user', content: 'Hello' }] }
      expect((await send(proxy.url, path, { body })).status).toBe(200)
    }
    expect(inUse(proxy)).toEqual(nothing)
  },
)

function expectOnce(names: readonly unknown[]) {
  expect(names).toEqual([...new Set(names)])
}

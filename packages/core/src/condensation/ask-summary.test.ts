import { definePlugin, type PreparedRequest, type Provider, ProviderFault } from '@llmproxy/provider-kit'
import { setImmediate as turn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { ManualClock } from '../../test/manual-clock.ts'
import { chatAnswer, jsonResponse, never } from '../../test/toy-gateway.ts'
import { checkConfig } from '../config/read.ts'
import { deploymentOf } from '../live-provider.ts'
import type { Outcome } from '../metrics/outcome.ts'
import { configureProviders } from '../plugins/configure.ts'
import { createRegistry } from '../plugins/registry.ts'
import { buildSnapshot } from '../snapshot.ts'
import { askSummary, type SummaryCall } from './ask-summary.ts'
import { AskFailed, AskOverflow } from './summary-io.ts'

type Answer = () => ReturnType<NonNullable<Provider['exchange']>>

const says = (text: string | null, members: object = {}): Answer => {
  const { choices, ...answer } = chatAnswer('') as { choices: object[] }
  const message = { role: 'assistant', content: text, ...members }
  return () => Promise.resolve(jsonResponse({ ...answer, choices: [{ ...choices[0], message }] }))
}

const fails =
  (kind: string, message = 'no'): Answer =>
  () =>
    Promise.reject(new ProviderFault({ kind, message } as ProviderFault['fault']))

/** Providers `p0`, `p1`, … that make summaries by a model of their own. */
async function asking(answers: readonly Answer[], settings: object = {}) {
  const clock = new ManualClock()
  const requests: PreparedRequest[] = []
  const plugins = answers.map((answer, index) =>
    definePlugin({
      type: `p${index}`,
      options: z.strictObject({}),
      create: (): Provider => ({
        baseUrl: 'toy://in-process',
        operations: { chat: { request: () => ({ path: '/chat' }) } },
        authorize: () => ({}),
        exchange: (request) => {
          requests.push(request)
          return answer()
        },
      }),
    }),
  )
  const providers = answers.map((_, index) => ({
    name: `p${index}`,
    type: `p${index}`,
    priority: index,
    max_retries: 0,
    models: [{ id: 's', upstream: `model-${index}` }],
  }))
  const checked = checkConfig({ providers, condensation: {}, ...settings }, {})
  const config = checked.config!
  const registry = createRegistry({ plugins })
  const configured = await configureProviders(config, { registry, env: {}, origin: checked.origin })
  const snapshot = buildSnapshot({ config, ...configured, clock, userAgent: 'test' })
  const unheard = { changed: () => undefined, paused: () => undefined }
  const outcomes: Outcome[] = []
  const left = new AbortController()
  const ask = (call: Partial<SummaryCall> = {}) =>
    askSummary(
      {
        messages: [{ role: 'user', content: 'Hi' }],
        maxTokens: 50,
        id: 'request.summary-1',
        caller: 'team',
        deadlineAt: clock.now() + 10_000,
        signal: left.signal,
        ...call,
      },
      {
        serving: {
          snapshot,
          clock,
          random: () => 0,
          deployment: (live, asked) => deploymentOf(live, asked, config, clock, unheard),
        },
        targets: snapshot.table.lookup('s', 'chat'),
        scrub: (text) => text,
        asked: (outcome) => void outcomes.push(outcome),
      },
    )
  const bodies = () =>
    requests.map(({ body }) => JSON.parse(Buffer.from(body as Uint8Array).toString()) as object)
  const gates = () => [...snapshot.live.values()].map(({ gate }) => gate.inFlight + gate.queued)
  return { ask, bodies, outcomes, clock, leave: () => left.abort(), gates }
}

/** Why there is no summary. */
async function failureOf(answer: Promise<unknown>): Promise<unknown> {
  const error: unknown = await answer.then(
    () => 'there is one',
    (reason: unknown) => reason,
  )
  return AskFailed.is(error) ? error.reason : error
}

test('a chat request of the gateway’s own, in the words of whoever is asked', async () => {
  const { ask, bodies, outcomes } = await asking([fails('upstream'), says('  what was said\n')])
  expect(await ask()).toEqual({ text: 'what was said', inputTokens: 1, outputTokens: 2 })
  const body = { messages: [{ role: 'user', content: 'Hi' }], max_tokens: 50, stream: false }
  expect(bodies()).toEqual([
    { model: 'model-0', ...body },
    { model: 'model-1', ...body },
  ])
  expect(outcomes).toMatchObject([
    { requestId: 'request.summary-1', caller: 'team', model: 's', provider: 'p1', attempts: [{}, {}] },
  ])
})

test('an answer that says nothing is paid for', async () => {
  for (const answer of [says(''), says(' \n'), says(null), says(null, { refusal: 'No.' })]) {
    const { ask } = await asking([answer])
    expect(await ask()).toEqual({ text: '', inputTokens: 1, outputTokens: 2 })
  }
})

test('what a filter has stopped says nothing, whatever stands there', async () => {
  const { choices, ...answer } = chatAnswer('Half of') as { choices: object[] }
  const stopped = { ...answer, choices: [{ ...choices[0], finish_reason: 'content_filter' }] }
  const { ask } = await asking([() => Promise.resolve(jsonResponse(stopped))])
  expect((await ask()).text).toBe('')
})

test('usage that is not told is not known', async () => {
  const { usage: _, ...silent } = chatAnswer('said') as { usage: object }
  const { ask } = await asking([() => Promise.resolve(jsonResponse(silent))])
  expect(await ask()).toEqual({ text: 'said', inputTokens: null, outputTokens: null })
})

test('when everybody fails there is none, and it is told what that took', async () => {
  const { ask, outcomes } = await asking([fails('upstream'), fails('overloaded')])
  expect(await failureOf(ask())).toBe('failed')
  expect(outcomes).toMatchObject([{ provider: 'p1', usage: null, attempts: [{}, {}] }])
})

test('nobody who could be asked, or nobody who waits any more: nobody is asked', async () => {
  const { ask, bodies, outcomes, leave } = await asking([says('said')])
  const nobody = await asking([])
  expect(await failureOf(nobody.ask())).toBe('failed')
  leave()
  expect(await failureOf(ask())).toBe('cancelled')
  expect([bodies(), outcomes]).toEqual([[], []])
})

test('a model for which it is too long says so, with its numbers', async () => {
  const text = 'prompt is too long: 5000 tokens > 4000 maximum'
  const { ask, bodies } = await asking([fails('context_length', text), says('said')])
  const error = await failureOf(ask())
  expect(AskOverflow.is(error)).toBe(true)
  expect(error).toMatchObject({ limit: 4_000, requested: 5_000 })
  // Others may have the same window: whoever asks makes it smaller.
  expect(bodies().length).toBe(1)
})

test('the time that is left is its limit, whatever that of requests is', async () => {
  for (const request_timeout of [0, 300, 1]) {
    const { ask, clock, gates } = await asking([() => never], { request_timeout })
    const answer = failureOf(ask({ deadlineAt: clock.now() + 2_000 }))
    await turn()
    clock.advance(1_990)
    expect(gates()).toEqual([1])
    clock.advance(20)
    expect([await answer, gates(), clock.pending]).toEqual(['timeout', [0], 0])
  }
})

test('without any time left nobody is asked', async () => {
  const { ask, clock, bodies } = await asking([says('said')])
  expect(await failureOf(ask({ deadlineAt: clock.now() - 5 }))).toBe('timeout')
  expect(bodies()).toEqual([])
})

test('it ends when nobody waits any more, in a queue as well as upstream', async () => {
  const { ask, clock, leave, gates, outcomes } = await asking([() => never], {
    providers: [{ name: 'p0', type: 'p0', models: ['s'], max_connections: 1 }],
  })
  const answers = [ask(), ask()].map(failureOf)
  await turn()
  expect(gates()).toEqual([2])
  leave()
  expect([await Promise.all(answers), gates(), clock.pending]).toEqual([['cancelled', 'cancelled'], [0], 0])
  expect(outcomes.map(({ attempts }) => attempts.length)).toEqual([1, 0])
})

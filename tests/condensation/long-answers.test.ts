import { startMockServer } from '@llmproxy/provider-mock/server'
import { expect, onTestFinished, test } from 'vitest'
import { chat, provider, sendJson, startProxy } from '../reliability/support.ts'
import { conversation, says, scripted } from './support/scripted.ts'

/** A model that counts the answer that is asked for as a part of its window, beside one that makes summaries. */
async function start(summary = says('what was said before'), preflightFor?: number) {
  const upstream = await startMockServer()
  onTestFinished(() => upstream.close())
  const window = preflightFor === undefined ? {} : { context_window: preflightFor }
  const models = [{ id: 'm', upstream: `mock-echo-strict-window-${preflightFor ?? 2_000}`, ...window }]
  const other = await scripted({ summary })
  const proxy = await startProxy({
    providers: [provider('a', upstream.url, { models }), provider('b', other.url, { models: ['brief'] })],
    condensation: { model: 'brief', preflight: preflightFor !== undefined },
  })
  return {
    ask: (maxTokens: number) => chat(proxy.url, { messages: conversation(), max_tokens: maxTokens }),
    asked: () =>
      upstream.requests
        .filter(({ method }) => method === 'POST')
        .map(({ body }) => JSON.parse(body.toString()) as { max_tokens: number; messages: object[] }),
  }
}

test('a summarised request whose answer is too long for what is left is asked for a shorter one', async () => {
  const { ask, asked } = await start()
  const reply = await ask(1_990)
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^summary; /),
  ])
  const limits = asked().map(({ max_tokens }) => max_tokens)
  expect(limits.slice(0, 2)).toEqual([1_990, 1_990])
  expect(limits).toHaveLength(3)
  expect(limits[2]).toBeGreaterThan(1_500)
})

test('so is one that was cut to half', async () => {
  const { ask, asked } = await start((_, response) => sendJson(response, 400, { error: { message: 'no' } }))
  const reply = await ask(1_500)
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^truncated; /),
  ])
  expect(asked().at(-1)!.max_tokens).toBeLessThan(1_500)
})

test('so is one that came too close to its window, had no summary, and is only refused for its answer', async () => {
  const { ask, asked } = await start(
    (_, response) => sendJson(response, 400, { error: { message: 'no' } }),
    2_700,
  )
  const reply = await ask(600)
  expect([reply.status, reply.headers['x-llmproxy-condensed']]).toEqual([
    200,
    expect.stringMatching(/^max_tokens; from=600; /),
  ])
  const [first, second, ...more] = asked()
  expect([first!.max_tokens, second!.messages, more]).toEqual([600, first!.messages, []])
  expect(second!.max_tokens).toBeLessThan(600)
})

test('an answer that there is room for is as long as the client wants it', async () => {
  const { ask, asked } = await start()
  expect((await ask(1_000)).status).toBe(200)
  expect(asked().map(({ max_tokens }) => max_tokens)).toEqual([1_000, 1_000])
})

import { apiKey, baseUrl, bearer, type Completion, definePlugin } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { z } from 'zod'
import {
  type Answer,
  ask,
  chat,
  chunk,
  errorBody,
  failing,
  healthy,
  openStream,
  sendJson,
  startProxy,
  until,
} from './support.ts'
import { environment, keyedUpstream, variableOf } from './support/keyed-upstream.ts'

/** A vendor that takes one prompt at a time, and answers for videos with a job. */
const piecemeal = definePlugin({
  type: 'piecemeal',
  options: z.strictObject({ api_key: apiKey(), base_url: baseUrl() }),
  create: (options) => ({
    baseUrl: options.base_url,
    authorize: bearer(options.api_key),
    operations: {
      chat: { request: () => ({ path: '/chat/completions' }) },
      completions: {
        request: ({ body }) => ({ path: '/completions', body }),
        response: (body) => body as Completion,
        split: ({ body }) =>
          Array.isArray(body.prompt)
            ? body.prompt.map((prompt) => ({ ...body, prompt: String(prompt) }))
            : undefined,
        join: (answers) => ({ ...answers[0]!, choices: answers.flatMap(({ choices }) => choices) }),
      },
      videos: {
        request: () => ({ path: '/videos/generations' }),
        follow: (body) =>
          (body as { state?: string }).state === 'open'
            ? { request: { path: '/jobs/1' }, afterMs: 50 }
            : undefined,
      },
    },
    health: { request: () => ({ method: 'GET', path: '/health' }) },
    models: { request: () => ({ method: 'GET', path: '/models' }), response: () => ['listed-model'] },
  }),
})

async function vendor(answers: Record<string, Answer>, more: object = {}) {
  const keys = Object.keys(answers)
  const upstream = await keyedUpstream(answers)
  const entry = { name: 'vendor', type: 'piecemeal', base_url: upstream.url, models: ['m', 'listed-*'] }
  const provider = { ...entry, api_key_env: keys, max_retries: 0, ...more }
  const proxy = await startProxy(
    { providers: [provider], health_check_interval: 0 },
    { plugins: [piecemeal], env: environment(keys) },
  )
  const seen = () => upstream.requests.map((request) => `${variableOf(request)} ${request.path}`)
  return { answers, proxy, upstream, seen }
}

const open = { state: 'open' }

test('the parts of a split request go out with one key, and all of them again with the next', async () => {
  const limited: Answer = (request, response) =>
    (request.body.includes('three') ? failing(429) : healthy())(request, response)
  const { proxy, upstream, seen } = await vendor({ FIRST: limited, SECOND: healthy('part') })
  const reply = await ask(proxy.url, 'completions', { prompt: ['one', 'two', 'three'] })
  expect(reply.status).toBe(200)
  expect((JSON.parse(reply.text) as { choices: unknown[] }).choices).toHaveLength(3)
  const second = upstream.requests.filter((request) => variableOf(request) === 'SECOND')
  expect(second.map(({ body }) => (JSON.parse(body.toString()) as { prompt: string }).prompt)).toEqual([
    'one',
    'two',
    'three',
  ])
  expect(new Set(seen().slice(0, 3))).toEqual(new Set(['FIRST /completions']))
  expect(reply.headers['x-llmproxy-attempts']).toBe('2')
})

test('a job is followed with the key that began it, though that was refused since', async () => {
  let done = false
  const { answers, proxy, seen } = await vendor({
    FIRST: (request, response) => {
      if (request.path !== '/jobs/1') return sendJson(response, 200, open)
      sendJson(response, 200, done ? { data: [{ url: 'https://vendor.test/video' }] } : open)
    },
    SECOND: healthy(),
  })
  const job = ask(proxy.url, 'videos')
  await until(() => seen().includes('FIRST /jobs/1'))
  const poll = answers['FIRST']!
  answers['FIRST'] = (request, response) =>
    (request.path === '/jobs/1' ? poll : failing(401))(request, response)
  expect((await chat(proxy.url)).status).toBe(200)
  done = true
  expect((await job).status).toBe(200)
  expect(seen().filter((each) => each.startsWith('SECOND'))).toEqual(['SECOND /chat/completions'])
})

test.each([401, 403])(
  'a job whose follow-up is refused with %i is not begun again with another key',
  async (status) => {
    const { proxy, seen } = await vendor({
      FIRST: (request, response) =>
        request.path === '/jobs/1' ? failing(status)(request, response) : sendJson(response, 200, open),
      SECOND: healthy(),
    })
    expect((await ask(proxy.url, 'videos')).status).toBe(502)
    expect(seen()).toEqual(['FIRST /videos/generations', 'FIRST /jobs/1'])
    expect((await ask(proxy.url, 'videos')).status).toBe(200)
    expect(seen().at(-1)).toBe('SECOND /videos/generations')
  },
)

test('an error inside a stream that has begun changes the key for the requests that follow', async () => {
  const error = errorBody('slow down', 'rate_limit_error', 'rate_limit_exceeded')
  const { proxy, seen } = await vendor({
    FIRST: (_request, response) =>
      void openStream(response).end(`${chunk('Hello')}data: ${JSON.stringify(error)}\n\n`),
    SECOND: healthy(),
  })
  expect((await chat(proxy.url, { stream: true })).text).toContain('rate_limit_exceeded')
  expect((await chat(proxy.url, { stream: true })).text).toContain('[DONE]')
  expect(seen()).toEqual(['FIRST /chat/completions', 'SECOND /chat/completions'])
})

test('model lists and health checks use a key that is accepted, and blame no provider for one that is not', async () => {
  const list: Answer = (_request, response) => sendJson(response, 200, {})
  const { answers, proxy, seen } = await vendor({ FIRST: failing(401), SECOND: healthy() })
  await chat(proxy.url)
  answers['SECOND'] = list
  const models = (await (await fetch(`${proxy.url}/v1/models`)).json()) as { data: { id: string }[] }
  expect(models.data.map(({ id }) => id)).toContain('listed-model')
  expect(seen().at(-1)).toBe('SECOND /models')
  const verdicts = async () =>
    (await proxy.gateway.probe()).map(({ key, verdict }) => `${key} ${verdict?.status}`)
  expect(await verdicts()).toEqual(['FIRST unhealthy', 'SECOND healthy'])
})

test('a background check that one key is refused tries the next', async () => {
  const checked: Answer = (_request, response) => sendJson(response, 200, {})
  const keys = { FIRST: failing(401), SECOND: checked }
  const upstream = await keyedUpstream(keys)
  const provider = { name: 'vendor', type: 'piecemeal', base_url: upstream.url, models: ['m'] }
  const { gateway } = await startProxy(
    { providers: [{ ...provider, api_key_env: Object.keys(keys) }], health_check_interval: 0.05 },
    { plugins: [piecemeal], env: environment(Object.keys(keys)) },
  )
  await until(() => upstream.requests.length >= 4)
  expect(upstream.requests.slice(0, 4).map(variableOf)).toEqual(['FIRST', 'SECOND', 'FIRST', 'SECOND'])
  expect(gateway.health()).toMatchObject({ status: 'healthy' })
})

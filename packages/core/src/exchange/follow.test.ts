import { setImmediate as turn } from 'node:timers/promises'
import {
  type Operation,
  type PreparedRequest,
  ProviderFault,
  type UpstreamResponse,
} from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { jsonResponse, never, type Toy, toyGateway } from '../../test/toy-gateway.ts'

interface Job {
  readonly id: string
  readonly status: string
}

/** A vendor that answers with a job, which is asked after every two seconds, and whose file comes last. */
const videos = {
  request: (call: { body: object }) => ({ path: '/jobs', body: call.body }),
  follow: (body: Job) => {
    if (body.status === 'failed')
      throw new ProviderFault({ kind: 'content_filter', message: 'the job was refused', code: 'moderation' })
    if (body.status === 'done')
      return { request: { path: `/jobs/${body.id}/file` }, afterMs: 0, binary: true }
    return body.status === 'open' ? { request: { path: `/jobs/${body.id}` }, afterMs: 2_000 } : undefined
  },
  response: (body: unknown) => ({ data: [body] }),
} as unknown as Operation

function toy(exchange: (request: PreparedRequest, signal: AbortSignal) => Promise<UpstreamResponse>): Toy {
  return {
    provider: {
      operations: { videos: videos as never },
      authorize: () => ({ authorization: 'Bearer test-key' }),
      exchange: (request, { signal }) => exchange(request, signal),
    },
    entry: { max_retries: 0, models: ['m'] },
  }
}

/** Lets what is ready happen, then moves the clock until something is waited for no more. */
async function passing(clock: ManualClock, milliseconds: number): Promise<void> {
  for (let step = 0; step < 10; step += 1) await turn()
  clock.advance(milliseconds)
  for (let step = 0; step < 10; step += 1) await turn()
}

test('a job is followed to its file, with credentials each time and the pauses that it asks for', async () => {
  const clock = new ManualClock()
  const seen: string[] = []
  const { gateway, outcomes } = await toyGateway(
    [
      toy((request) => {
        seen.push(
          `${request.method} ${new URL(request.url).pathname} ${request.headers['authorization'] ?? ''}`,
        )
        if (request.url.endsWith('/file'))
          return Promise.resolve({
            status: 200,
            headers: { 'content-type': 'Video/MP4; x=y' },
            body: Buffer.from([1, 2, 3]),
          })
        return Promise.resolve(jsonResponse({ id: 'j1', status: seen.length < 3 ? 'open' : 'done' }))
      }),
    ],
    {},
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 1_999)
  expect(seen).toHaveLength(1)
  await passing(clock, 1)
  expect(seen).toHaveLength(2)
  await passing(clock, 2_000)
  await passing(clock, 50)
  const answer = await asked
  expect(await answer.json()).toMatchObject({
    data: [{ mediaType: 'video/mp4', base64: 'AQID', job: { id: 'j1', status: 'done' } }],
  })
  expect(seen).toEqual([
    'POST /jobs Bearer test-key',
    'GET /jobs/j1 Bearer test-key',
    'GET /jobs/j1 Bearer test-key',
    'GET /jobs/j1/file Bearer test-key',
  ])
  expect(outcomes[0]).toMatchObject({ ending: 'complete', attempts: [{ provider: 'toy0' }] })
  expect(clock.pending).toBe(0)
})

test('a job that has failed is the fault that the provider makes of it', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [toy(() => Promise.resolve(jsonResponse({ id: 'j1', status: 'failed' }, 202)))],
    {},
    { clock },
  )
  const answer = await gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  expect(answer.status).toBe(400)
  expect(await answer.text()).toContain('the job was refused')
})

test('a question that fails for a moment is asked again, with patience, and no second job is begun', async () => {
  const clock = new ManualClock()
  const seen: string[] = []
  const failures = [
    jsonResponse({ error: { message: 'slow' } }, 429, { 'retry-after': '3' }),
    jsonResponse({ error: { message: 'oops' } }, 500),
  ]
  const { gateway, outcomes } = await toyGateway(
    [
      toy((request) => {
        seen.push(request.method)
        if (request.method === 'POST') return Promise.resolve(jsonResponse({ id: 'j1', status: 'open' }))
        return Promise.resolve(failures.shift() ?? jsonResponse({ id: 'j1', status: 'ready' }))
      }),
    ],
    {},
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 2_000)
  await passing(clock, 2_999)
  expect(seen).toHaveLength(2)
  await passing(clock, 1)
  await passing(clock, 2_000)
  expect((await asked).status).toBe(200)
  await (
    await asked
  ).outcome
  expect(seen).toEqual(['POST', 'GET', 'GET', 'GET'])
  expect(outcomes[0]!.attempts).toHaveLength(1)
  expect(clock.pending).toBe(0)
})

test('a question that goes on failing is classified like any answer, and the next provider is asked', async () => {
  const clock = new ManualClock()
  let questions = 0
  const { gateway, outcomes } = await toyGateway(
    [
      toy((request) => {
        if (request.method === 'POST') return Promise.resolve(jsonResponse({ id: 'j1', status: 'open' }))
        questions += 1
        return Promise.resolve(jsonResponse({ error: { message: 'gone wrong' } }, 500))
      }),
      toy(() => Promise.resolve(jsonResponse({ id: 'j2', status: 'ready' }))),
    ],
    {},
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  for (const wait of [2_000, 1_000, 2_000, 4_000]) await passing(clock, wait)
  expect((await asked).status).toBe(200)
  await (
    await asked
  ).outcome
  expect(questions).toBe(4)
  expect(outcomes[0]!.attempts.map(({ fault }) => fault?.kind)).toEqual(['upstream', undefined])
})

test('a mistake in a question ends the job at once', async () => {
  const clock = new ManualClock()
  let questions = 0
  const { gateway } = await toyGateway(
    [
      toy((request) => {
        if (request.method === 'POST') return Promise.resolve(jsonResponse({ id: 'j1', status: 'open' }))
        questions += 1
        return Promise.resolve(jsonResponse({ error: { message: 'no such job' } }, 404))
      }),
    ],
    {},
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 2_000)
  expect((await asked).status).toBe(404)
  expect([questions, clock.pending]).toEqual([1, 0])
})

test('JSON in the place of the file is read as JSON', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [
      toy((request) =>
        Promise.resolve(
          request.url.endsWith('/file')
            ? jsonResponse({ error: { message: 'the file has expired' } })
            : jsonResponse({ id: 'j1', status: 'done' }),
        ),
      ),
    ],
    {},
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 50)
  expect((await asked).status).toBeGreaterThanOrEqual(400)
  expect(await (await asked).text()).toContain('the file has expired')
})

test('a client that leaves ends the waiting and the asking', async () => {
  for (const phase of ['waiting', 'asking']) {
    const clock = new ManualClock()
    let asked = 0
    let aborted = false
    const { gateway, outcomes } = await toyGateway(
      [
        toy((request, signal) => {
          asked += 1
          if (request.method === 'POST') return Promise.resolve(jsonResponse({ id: 'j1', status: 'open' }))
          signal.addEventListener('abort', () => (aborted = true))
          return never
        }),
      ],
      {},
      { clock },
    )
    const leaving = new AbortController()
    const answer = gateway.respond('videos', { model: 'm', prompt: 'a cat' }, { signal: leaving.signal })
    await passing(clock, phase === 'asking' ? 2_000 : 100)
    leaving.abort()
    await (
      await answer
    ).outcome
    await passing(clock, 10_000)
    expect([phase, asked, aborted]).toEqual([phase, phase === 'asking' ? 2 : 1, phase === 'asking'])
    expect(outcomes[0]!.ending).toBe('client_gone')
    expect(clock.pending).toBe(0)
  }
})

test('the deadline of the request holds for jobs', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [toy(() => Promise.resolve(jsonResponse({ id: 'j1', status: 'open' })))],
    { request_timeout: 5 },
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 2_000)
  await passing(clock, 2_000)
  await passing(clock, 2_000)
  expect((await asked).status).toBe(504)
  expect(clock.pending).toBe(0)
})

test('follow() is told which request a body answers', async () => {
  const clock = new ManualClock()
  const asked: unknown[] = []
  const operation = {
    ...videos,
    follow: (_body: unknown, _call: unknown, before: unknown) => {
      asked.push(before)
      return asked.length < 3 ? { request: before ?? { path: '/jobs/j1' }, afterMs: 100 } : undefined
    },
  }
  const provider = {
    operations: { videos: operation as never },
    exchange: () => Promise.resolve(jsonResponse({})),
  }
  const { gateway } = await toyGateway([{ provider }], {}, { clock })
  const answer = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 100)
  await passing(clock, 100)
  expect((await answer).status).toBe(200)
  expect(asked).toEqual([undefined, { path: '/jobs/j1' }, { path: '/jobs/j1' }])
})

test('a pause of our own is no silence of the upstream', async () => {
  const clock = new ManualClock()
  let asked = 0
  const { gateway } = await toyGateway(
    [toy(() => Promise.resolve(jsonResponse({ id: 'j1', status: (asked += 1) < 3 ? 'open' : 'ready' })))],
    { idle_timeout: 1, request_timeout: 0 },
    { clock },
  )
  const answer = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  for (let step = 0; step < 8; step += 1) await passing(clock, 500)
  expect((await answer).status).toBe(200)
  expect(clock.pending).toBe(0)
})

test('a vendor that does not answer a follow-up has gone silent, counted from the end of the pause', async () => {
  const clock = new ManualClock()
  const { gateway } = await toyGateway(
    [
      toy((request) =>
        request.method === 'POST' ? Promise.resolve(jsonResponse({ id: 'j1', status: 'open' })) : never,
      ),
    ],
    { idle_timeout: 1, request_timeout: 0 },
    { clock },
  )
  const answer = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 2_000)
  await passing(clock, 1_000)
  expect((await answer).status).toBe(504)
  expect(clock.pending).toBe(0)
})

test.each([
  ['nothing that could be asked', {}],
  ['a path that would melt into the address', { request: { path: 'jobs' }, afterMs: 1 }],
  ['a promise', Promise.resolve({ request: { path: '/jobs/j1' }, afterMs: 1 })],
  ['a body that cannot be written', { request: { method: 'POST', path: '/', body: { a: 1n } }, afterMs: 1 }],
])(
  'a follow() that gives back %s is a bug of the plugin, and ends its request only',
  async (_name, value) => {
    const clock = new ManualClock()
    const provider = {
      operations: { videos: { ...videos, follow: () => value } as never },
      exchange: () => Promise.resolve(jsonResponse({ id: 'j1' })),
    }
    const { gateway, logged } = await toyGateway([{ provider }], {}, { clock })
    const answer = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
    await passing(clock, 50)
    expect((await answer).status).toBe(502)
    expect(logged).toHaveLength(1)
  },
)

test('a follow() that gives back null has the result', async () => {
  const provider = {
    operations: { videos: { ...videos, follow: () => null } as never },
    exchange: () => Promise.resolve(jsonResponse({ id: 'j1' })),
  }
  const { gateway } = await toyGateway([{ provider }])
  expect((await gateway.respond('videos', { model: 'm', prompt: 'a cat' })).status).toBe(200)
})

test.each([
  ['refused', () => Promise.resolve(jsonResponse({ error: { message: 'busy' } }, 503))],
  ['cut', () => Promise.reject(Object.assign(new Error('no route'), { code: 'ENETUNREACH' }))],
])('a job whose follow-up is %s is not begun a second time: both would be billed', async (_name, answer) => {
  const clock = new ManualClock()
  let begun = 0
  const vendor = toy((request) => {
    if (request.method !== 'POST') return answer()
    begun += 1
    return Promise.resolve(jsonResponse({ id: 'j1', status: 'open' }))
  })
  const { gateway } = await toyGateway([{ ...vendor, entry: { max_retries: 3 } }], {}, { clock })
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  for (let step = 0; step < 5; step += 1) await passing(clock, 2_000)
  expect((await asked).status).toBeGreaterThanOrEqual(500)
  expect(begun).toBe(1)
})

test('the limits in the head of the result are named as those of any answer', async () => {
  const clock = new ManualClock()
  const { provider } = toy((request) =>
    Promise.resolve(
      request.method === 'POST'
        ? jsonResponse({ id: 'j1', status: 'open' }, 200, { left: '9' })
        : jsonResponse({ id: 'j1', status: 'ready' }, 200, { left: '8' }),
    ),
  )
  const rateLimits = (headers: Readonly<Record<string, string>>) => ({
    'x-ratelimit-remaining-requests': headers['left'] ?? '',
  })
  const { gateway } = await toyGateway([{ provider: { ...provider, rateLimits } }], {}, { clock })
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  await passing(clock, 2_000)
  expect((await asked).headers['x-ratelimit-remaining-requests']).toBe('8')
})

test('a file that no text can hold is a bad answer, not the end of the process', async () => {
  const clock = new ManualClock()
  const headers = { 'content-type': 'video/mp4' }
  const file = () => Promise.resolve({ status: 200, headers, body: Buffer.alloc(2 ** 29 - 1) })
  const { gateway } = await toyGateway(
    [
      toy(({ url }) =>
        url.endsWith('/file') ? file() : Promise.resolve(jsonResponse({ id: 'j1', status: 'done' })),
      ),
    ],
    { response_limit: 2 ** 30 },
    { clock },
  )
  const asked = gateway.respond('videos', { model: 'm', prompt: 'a cat' })
  for (let step = 0; step < 5; step += 1) await passing(clock, 50)
  expect((await asked).status).toBe(502)
})

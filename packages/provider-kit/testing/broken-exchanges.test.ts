import { type FramingLimits, openaiFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { createGateway } from '../../core/src/index.ts'
import { failures, withProvider } from './example/broken-toy.ts'
import { toyChat } from './example/toy-chat.ts'
import toy from './example/toy-vendor.ts'
import { framing, images, videos, type Workshop, workshop, workshopFixtures } from './example/workshop.ts'
import { type FixtureCase, type Fixtures, type HealthVerdictFixture, loadFixtures } from './index.ts'

function withCase(name: string, change: Partial<FixtureCase>): Fixtures {
  const cases = workshopFixtures.cases.map((one) => (one.name === name ? { ...one, ...change } : one))
  return { ...workshopFixtures, cases }
}

test('a vendor with frames, parts and jobs passes', async () => {
  expect([...(await failures(workshop(), workshopFixtures, createGateway)).values()]).toEqual([])
})

test('what a relaying provider joins is its own answer, which must be written down', async () => {
  const answer = (url: string) => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    text: JSON.stringify({ created: 5, data: [{ url }] }),
    sse: false,
  })
  const join = (answers: readonly { data: unknown[] }[], { created }: { created: number }) => ({
    created,
    data: answers.flatMap(({ data }) => data),
  })
  const relay = workshop({ images: { response: undefined, join } })
  const parts = { upstreamParts: [answer('a'), answer('b')], response: undefined }
  const written = { ...parts, response: { created: 1700000000, data: [{ url: 'a' }, { url: 'b' }] } }
  const own = (change: object): Fixtures => {
    const { options, cases, files } = withCase('pictures', change)
    return {
      options,
      cases: cases.filter(({ operation, name }) => operation !== 'images' || name === 'pictures'),
      files,
    }
  }
  const found = await failures(relay, own(written), createGateway)
  expect(found.get('response() gives what response.json says')).toBeUndefined()
  expect([...found].filter(([name]) => name.startsWith('through a gateway'))).toEqual([])
  const missing = await failures(relay, own(parts), createGateway)
  expect(missing.get('response() gives what response.json says')).toContain(
    'pictures: response.json is missing; found {"created":1700000000,"data":[{"url":"a"},{"url":"b"}]}',
  )
  expect([...missing].filter(([name]) => name.startsWith('through a gateway'))).toEqual([])
})

describe('a plugin that', () => {
  test.each<[what: string, broken: Workshop, check: string, message: string]>([
    ['splits without a join', { images: { join: undefined } }, 'create() gives', 'split without join'],
    ['frames without a stream', { chat: { stream: undefined } }, 'create() gives', 'framing without stream'],
    ['follows without a response', { videos: { response: undefined } }, 'create() gives', 'follow without'],
    [
      'splits into too many',
      { images: { split: () => Array.from({ length: 3 }, () => ({ model: 'w-1', prompt: 'A cat' })) } },
      'split() makes',
      'pictures: the number of requests: expected 2, found 3',
    ],
    ['does not split', { images: { split: () => undefined } }, 'split() makes', 'and split() makes one'],
    [
      'forgets the prompt of its parts',
      { images: { split: () => [{ prompt: 'A cat' }, { prompt: 'A dog' }] } },
      'request() builds what',
      'pictures, part 1: body.text: expected "A cat", found "A dog"',
    ],
    [
      'joins one part only',
      { images: { join: ([first]: readonly unknown[]) => first } },
      'response() gives what',
      'pictures: $.data[1]',
    ],
    [
      'changes the answers of the parts',
      {
        images: {
          join: (answers: { data: unknown[] }[]) => {
            for (const { data } of answers.splice(1)) answers[0]?.data.push(...data)
            return answers[0]
          },
        },
      },
      'join() is repeatable',
      'TypeError',
    ],
    [
      'asks at the wrong place',
      { videos: { follow: () => ({ request: { path: '/films' }, afterMs: 2000 }) } },
      'follow() asks',
      'film: follow.json[0]: path: expected "/film/7", found "/films"',
    ],
    [
      'never stops asking',
      { videos: { follow: () => ({ request: { path: '/film/7' }, afterMs: 2000 }) } },
      'follow() asks',
      'film-torn: follow.json[1] is missing; found {"request":{"path":"/film/7"}',
    ],
    ['stops too early', { videos: { follow: () => undefined } }, 'follow() asks', 'has 2 more than'],
    [
      'stumbles over a body that is no job',
      { videos: { follow: (body: { job: { id: string } }) => void body.job.id } },
      'follow() gives nothing or throws',
      'TypeError',
    ],
    [
      'does not see that a job has failed',
      { videos: { follow: (body: unknown, call: never) => torn(body, call) } },
      'response() throws a ProviderFault for an error',
      'film-torn: ',
    ],
    [
      'has no limit',
      { chat: { framing: () => framing({ eventBytes: Infinity }) } },
      'framing() throws',
      'with a limit of 8 bytes: nothing was thrown',
    ],
    [
      'swallows a cut frame',
      {
        chat: {
          framing: (limits: FramingLimits) => ({ ...framing(limits), end: () => [] }),
          stream: (call: never) => ({ ...toyChat.stream?.(call), end: undefined }),
        },
      },
      'framing() throws',
      'frames: cut at byte',
    ],
    [
      'stumbles over bytes',
      {
        chat: {
          framing: (limits: FramingLimits) => {
            const own = framing(limits)
            const read = (bytes: Uint8Array) => {
              const events = own.push(bytes)
              for (const { data } of events) JSON.parse(data)
              return events
            }
            return { ...own, push: read }
          },
        },
      },
      'framing() never fails',
      'SyntaxError',
    ],
    [
      'reads frames only when they are whole',
      {
        chat: {
          framing: (limits: FramingLimits) => ({
            push: (bytes: Uint8Array) => {
              const own = framing(limits)
              return [...own.push(bytes), ...own.end()]
            },
            end: () => [],
          }),
        },
      },
      'streams decode alike',
      'framing() threw',
    ],
    [
      'sends another form',
      { videos: { request: () => ({ path: '/film', form: { text: 'A dog' } }) } },
      'request() builds what',
      'form.text: expected "A cat", found "A dog"',
    ],
    [
      'sends a form and a body',
      { videos: { request: () => ({ path: '/film', form: {}, body: {} }) } },
      'request() gives a path',
      'form excludes body and patch',
    ],
  ])('%s fails', async (_, broken, check, message) => {
    const failed = await failures(workshop(broken), workshopFixtures)
    const found = [...failed].find(([name]) => name.startsWith(check))
    expect(found, `failed instead: ${[...failed.values()].join('\n')}`).toBeDefined()
    expect(found?.[1]).toContain(message)
  })

  test('takes parts for one request fails through a gateway', async () => {
    const one = { split: () => [{ prompt: 'A cat' }, { prompt: 'A dog' }] }
    const failed = await failures(workshop({ images: one }), workshopFixtures, createGateway)
    expect(failed.get('through a gateway the vendor gets the request of upstream.request.json')).toContain(
      'pictures: body.text',
    )
  })
})

test('response() is told which follow-up it reads', async () => {
  const told = {
    response: (body: { base64?: unknown } | null, call: never, asked?: { path: string }) => {
      const answer = videos.response?.(body, call)
      if (asked?.path !== '/film/7/file') throw new Error(`asked ${asked?.path}`)
      return answer
    },
  }
  expect([...(await failures(workshop({ videos: told }), workshopFixtures, createGateway)).values()]).toEqual(
    [],
  )
})

/** The answer of the job is taken for a running one. */
function torn(body: unknown, call: never): unknown {
  const running = { ...(body as object), state: 'waiting' }
  return (body as { state: string }).state === 'failed' ? undefined : videos.follow?.(running, call)
}

describe('fixtures', () => {
  test.each<[what: string, fixtures: Fixtures, check: string, message: string]>([
    [
      'without the requests of the parts print them',
      withCase('pictures', { upstreamRequests: undefined as never }),
      'split() makes',
      'pictures: upstream.request.json must be an array with each request; found [{"path":"/draw","body":{"engine":"w-1","text":"A cat"}},',
    ],
    [
      'without the answers of the parts fail',
      withCase('pictures', { upstreamParts: undefined as never }),
      'split() makes',
      'pictures: upstream.responses.json is missing',
    ],
    [
      'without a request that is split fail',
      { ...workshopFixtures, cases: workshopFixtures.cases.filter(({ name }) => name !== 'pictures') },
      'every operation has a fixture',
      'images: no fixture',
    ],
    [
      'of parts where nothing is split fail',
      withCase('pictures', { request: { model: 'w-1', prompt: 'A cat' } }),
      'split() makes',
      'images: has split(), and no fixture whose request it splits',
    ],
    [
      'without follow.json print the question',
      withCase('film', { follow: undefined as never }),
      'follow() asks',
      'film: follow.json[0] is missing; found {"request":{"path":"/film/7"},"afterMs":2000,"response":"…"}',
    ],
    [
      'with another wait fail',
      withCase('film-torn', {
        follow: [{ request: { path: '/film/7' }, afterMs: 1, response: { job: '7', state: 'failed' } }],
        fault: undefined as never,
      }),
      'follow() asks',
      'film-torn: follow() threw',
    ],
  ])('%s', async (_, fixtures, check, message) => {
    const failed = await failures(workshop(), fixtures)
    const found = [...failed].find(([name]) => name.startsWith(check))
    expect(found, `failed instead: ${[...failed.values()].join('\n')}`).toBeDefined()
    expect(found?.[1]).toContain(message)
  })
})

describe('the verdict about health', async () => {
  const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))
  const check =
    'answers to a health request are judged as health.json says, and no answer makes the verdict throw'
  const judged = (verdicts: readonly HealthVerdictFixture[]): Fixtures => ({
    ...fixtures,
    health: { ...fixtures.health!, verdicts },
  })

  test('is compared with health.json, a reason only when there is one', async () => {
    const right = judged([
      { status: 200, expect: { status: 'healthy' } },
      { status: 429, text: 'slow down', expect: { status: 'degraded' } },
      { status: 401, body: { error: 'key' }, expect: { status: 'unhealthy', reason: 'configuration' } },
    ])
    expect([...(await failures(toy, right)).keys()]).toEqual([])
    const wrong = judged([
      { status: 401, expect: { status: 'degraded' } },
      { status: 503, expect: { status: 'unhealthy', reason: 'configuration' } },
    ])
    const failed = (await failures(toy, wrong)).get(check)
    expect(failed).toContain('health.json: verdicts[0]: status: expected "degraded", found "unhealthy"')
    expect(failed).toContain('health.json: verdicts[1]: reason: expected "configuration", found "overloaded"')
  })

  test('is the provider’s own where it has one, and its fault() counts', async () => {
    const request = () => ({ method: 'GET' as const, path: '/status' })
    const own = withProvider((provider) => ({
      ...provider,
      health: {
        request,
        verdict: ({ status }: { status: number }) => (status === 418 ? { status: 'healthy' } : undefined),
      },
      fault: (response: never) => ({ ...openaiFault(response), kind: 'quota_exhausted' }),
    }))
    const expected = judged([
      { status: 418, expect: { status: 'healthy' } },
      { status: 400, expect: { status: 'degraded', reason: 'quota_exhausted' } },
    ])
    expect((await failures(own, expected)).get(check)).toBeUndefined()
  })

  test('must not throw', async () => {
    const request = () => ({ method: 'GET' as const, path: '/status' })
    const throws = withProvider((provider) => ({
      ...provider,
      health: { request, verdict: ({ body }: { body: { error: unknown } }) => void body.error },
    }))
    expect((await failures(throws, fixtures)).get(check)).toContain('TypeError')
  })

  test('of a word that nobody knows fails', async () => {
    const request = () => ({ method: 'GET' as const, path: '/status' })
    const odd = withProvider((provider) => ({
      ...provider,
      health: { request, verdict: () => ({ status: 'well' }) },
    }))
    expect((await failures(odd, fixtures)).get(check)).toContain('gave an object')
  })
})

test('images of the workshop are drawn one by one', () => {
  expect(images.split?.({ body: { model: 'w-1', prompt: 'A cat', n: 3 } } as never)).toHaveLength(3)
})

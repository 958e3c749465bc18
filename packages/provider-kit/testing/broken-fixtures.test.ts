import {
  type AuthorizeIo,
  type FaultKind,
  type PreparedRequest,
  bearer,
  definePlugin,
  openaiCompatible,
} from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { createGateway } from '../../core/src/index.ts'
import { failures, withProvider } from './example/broken-toy.ts'
import toy from './example/toy-vendor.ts'
import {
  type FixtureCase,
  type Fixtures,
  type ModelsFixture,
  type UpstreamRequestFixture,
  loadFixtures,
} from './index.ts'

const fixtures = await loadFixtures(new URL('./example/fixtures/', import.meta.url))

const operations = 'every operation has a fixture, streaming included, and every fixture an operation'
const wholeness = 'every fixture holds a request and what comes of it, and one of them a failed answer'

/** The example's fixtures, each case changed; `undefined` leaves it out. */
function withCases(change: (fixture: FixtureCase) => FixtureCase | undefined): Fixtures {
  return { ...fixtures, cases: fixtures.cases.flatMap((fixture) => change(fixture) ?? []) }
}

function without(fixture: FixtureCase, ...members: readonly (keyof FixtureCase)[]): FixtureCase {
  const kept = Object.entries(fixture).filter(([name]) => !members.includes(name as keyof FixtureCase))
  return Object.fromEntries(kept) as unknown as FixtureCase
}

const relay = definePlugin({
  type: 'relay',
  options: z.strictObject({ base_url: z.string() }),
  create: ({ base_url }) => openaiCompatible({ baseUrl: base_url, authorize: bearer(undefined) }),
})

/** A case of the relay: the vendor's answer has status 200. */
function answered(stream: boolean, text: string, kind?: FaultKind): Fixtures {
  const fixture: FixtureCase = {
    name: 'failing',
    operation: 'chat',
    options: { base_url: 'http://relay.invalid/v1' },
    model: 'small',
    stream,
    headers: {},
    dropped: [],
    request: { model: 'small', stream, messages: [{ role: 'user', content: 'Hi' }] },
    upstream: {
      status: 200,
      headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' },
      text,
      sse: stream,
    },
    ...(kind && { fault: { kind } }),
  }
  return { options: { valid: [fixture.options] }, cases: [fixture], files: [] }
}

test.each([
  ['base64', [1, 0.5]],
  ['float', 'AACAPwAAAD8='],
])('a client that asks for %s gets it, whatever the vendor answers', async (encoding, embedding) => {
  const { cases, ...others } = answered(false, '')
  const body = { object: 'list', model: 'small', data: [{ object: 'embedding', index: 0, embedding }] }
  const own = cases.map((one) => ({
    ...one,
    operation: 'embeddings' as const,
    request: { model: 'small', input: 'Hi', encoding_format: encoding },
    upstream: { ...one.upstream!, text: JSON.stringify(body) },
  }))
  const found = await failures(relay, { ...others, cases: own }, createGateway)
  expect([...found].filter(([name]) => name.startsWith('through a gateway'))).toEqual([])
})

test('limits are compared with those of case.json', async () => {
  const limited = withProvider((own) => ({
    ...own,
    rateLimits: ({ 'toy-left': left }: Record<string, string>) =>
      left === undefined ? {} : { 'x-ratelimit-remaining-requests': left },
  }))
  const check = 'rateLimits() gives what case.json says, by the names that clients read, and never throws'
  const left = (remaining: string) =>
    withCases((fixture) => {
      if (fixture.name !== 'text' || fixture.upstream === undefined) return fixture
      const upstream = { ...fixture.upstream, headers: { ...fixture.upstream.headers, 'toy-left': '7' } }
      return { ...fixture, upstream, rateLimits: { 'x-ratelimit-remaining-requests': remaining } }
    })
  expect((await failures(limited, left('7'))).get(check)).toBeUndefined()
  expect((await failures(limited, left('8'))).get(check)).toContain('expected "8", found "7"')
  expect((await failures(toy, left('7'))).get(check)).toContain('the provider has no rateLimits()')
})

test('an author whose option for the address has another name is told about redirect', async () => {
  const elsewhere = definePlugin({
    type: 'elsewhere',
    options: z.strictObject({ endpoint: z.string() }),
    create: ({ endpoint }) => openaiCompatible({ baseUrl: endpoint, authorize: bearer(undefined) }),
  })
  const { cases, ...others } = answered(false, '{"choices":[]}')
  const options = { endpoint: 'http://relay.invalid/v1' }
  const own = { ...others, options: { valid: [options] }, cases: cases.map((one) => ({ ...one, options })) }
  const said = [...(await failures(elsewhere, own, createGateway))].filter(([name]) =>
    name.startsWith('through a gateway'),
  )
  expect(said.length).toBeGreaterThan(0)
  for (const [, message] of said) expect(message).toContain('pass `redirect` to conformance()')
})

test('a fixture may show how a request is refused that the flags keep away', async () => {
  const deaf = withProvider((own) => ({ ...own, supports: { images: false } }))
  const content = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }]
  const [sample] = fixtures.cases
  if (sample === undefined) throw new Error('the example has fixtures')
  const bare = without(sample, 'upstream', 'upstreamRequest', 'response', 'chunks', 'fault')
  const request = { model: 'toy', messages: [{ role: 'user', content }] }
  const image: FixtureCase = { ...bare, name: 'image', stream: false, dropped: [], request }
  const withImage = (change: Partial<FixtureCase>) =>
    failures(deaf, { ...fixtures, cases: [...fixtures.cases, { ...image, ...change }] }, createGateway)
  const check = 'no fixture uses what the provider says it does not support'
  expect([...(await withImage({ fault: { kind: 'invalid_request' } })).keys()]).toEqual([])
  const upstream = { status: 200, headers: {}, text: '{}', sse: false }
  expect((await withImage({ upstream })).get(check)).toContain(
    'image: uses images, but supports.images is false',
  )
})

test('fixtures in which the vendor never answers fail, case by case and operation by operation', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.fault ? fixture : without(fixture, 'upstream'))),
  )
  for (const name of ['stream', 'text']) {
    expect(failed.get(wholeness)).toContain(
      `${name}: neither upstream.response.json, upstream.sse nor fault.json`,
    )
  }
  expect(failed.get(operations)).toContain('chat: no fixture of a whole answer')
  expect(failed.get(operations)).toContain('chat: no fixture of a stream')
})

test('a case without a request fails by name', async () => {
  const empty: FixtureCase = {
    name: 'nothing',
    operation: 'chat',
    options: fixtures.options.valid[0] ?? {},
    model: 'small',
    stream: false,
    headers: {},
    dropped: [],
  }
  const failed = await failures(toy, { ...fixtures, cases: [...fixtures.cases, empty] })
  expect([...failed.keys()]).toEqual([wholeness])
  expect(failed.get(wholeness)).toContain('nothing: request.json is missing')
})

test('a streamed request that is answered with a whole answer is no fixture of a stream', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) =>
      fixture.name === 'stream' && fixture.upstream
        ? { ...fixture, upstream: { ...fixture.upstream, sse: false } }
        : fixture,
    ),
  )
  expect(failed.get(operations)).toContain('chat: no fixture of a stream')
})

test('fixtures without a failed answer fail', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'rate-limit' ? undefined : fixture)),
  )
  expect([...failed.keys()]).toEqual([wholeness])
  expect(failed.get(wholeness)).toContain('no fixture of a failed answer')
})

test('a failed answer without fault.json fails', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'rate-limit' ? without(fixture, 'fault') : fixture)),
  )
  expect(failed.get(wholeness)).toContain('rate-limit: the vendor answers 429, and fault.json is missing')
})

test('a client header that the provider does not take fails', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'text' ? { ...fixture, headers: { 'x-a': '1' } } : fixture)),
  )
  expect(failed.get('no fixture uses what the provider says it does not support')).toContain(
    'text: sends the header x-a, but clientHeaders does not name it',
  )
})

describe('a golden that is missing is printed as the file', () => {
  const printed = (message: string | undefined, before: string): unknown =>
    JSON.parse(message?.split(before)[1]?.split('\n')[0] ?? 'null')

  test('upstream.request.json of a translating provider', async () => {
    const requests = 'request() builds what upstream.request.json says'
    const failed = await failures(
      toy,
      withCases((fixture) => (fixture.name === 'text' ? without(fixture, 'upstreamRequest') : fixture)),
    )
    const upstreamRequest = printed(failed.get(requests), 'found ') as UpstreamRequestFixture
    expect(upstreamRequest.body).toBeDefined()
    const pasted = withCases((fixture) =>
      fixture.name === 'text' ? { ...fixture, upstreamRequest } : fixture,
    )
    expect([...(await failures(toy, pasted)).keys()]).toEqual([])
  })

  test('response.json, which the end-to-end checks do not complain about again', async () => {
    const failed = await failures(
      toy,
      withCases((fixture) => (fixture.name === 'text' ? without(fixture, 'response') : fixture)),
      createGateway,
    )
    expect([...failed.keys()]).toEqual(['response() gives what response.json says'])
  })

  test('upstream.request.json of a relaying provider, without the body of the client', async () => {
    const failed = await failures(relay, answered(false, '{"choices":[]}'))
    expect(failed.get('request() builds what upstream.request.json says')).toContain(
      'upstream.request.json is missing; found {"path":"/chat/completions"}',
    )
  })

  test('models.json, with a place for the vendor’s answer', async () => {
    const probes = 'health() and models do what health.json and models.json say'
    const failed = await failures(relay, answered(false, '{"choices":[]}'))
    const models = printed(failed.get(probes), 'its ids into ') as ModelsFixture
    const pasted = await failures(relay, { ...answered(false, '{"choices":[]}'), models })
    expect(pasted.get(probes) ?? '').not.toContain('- models.json')
  })
})

test('a golden stream that is wrong is one line where the stream is cut at every byte', async () => {
  const failed = await failures(
    toy,
    withCases((fixture) => (fixture.name === 'stream' ? { ...fixture, chunks: [] } : fixture)),
    createGateway,
  )
  const cut = failed.get('through a gateway the shortest stream arrives alike when it is cut at every byte')
  expect(cut?.split('\n')).toHaveLength(2)
  expect(cut).toContain('stream differs from its golden without a cut too: ')
})

describe('the golden of authorize()', () => {
  const credentials = 'authorize() adds the headers that options.json says'
  const { valid } = fixtures.options

  test('is printed as it is to be written when it is missing', async () => {
    const failed = await failures(toy, { ...fixtures, options: { valid } })
    expect([...failed.keys()]).toEqual([credentials])
    expect(failed.get(credentials)).toContain(`found ${JSON.stringify(fixtures.options.authorize)}`)
  })

  test('has an entry for each of valid', async () => {
    const failed = await failures(toy, { ...fixtures, options: { valid, authorize: [null] } })
    expect(failed.get(credentials)).toContain('authorize has 1 entries, valid has 2')
  })

  test('may be null where a token endpoint must be asked', async () => {
    const asks = withProvider((own) => ({
      ...own,
      authorize: async (_: PreparedRequest, io: AuthorizeIo) => ({
        a: (await io.fetch('http://t.invalid')).text,
      }),
    }))
    const failed = await failures(asks, { ...fixtures, options: { valid, authorize: [null, null] } })
    expect([...failed.keys()]).toEqual([])
    const missing = await failures(asks, { ...fixtures, options: { valid } })
    expect(missing.get(credentials)).toContain('found [null,null]')
  })
})

describe('in a relaying provider', () => {
  const verdict = 'failed answers are classified as fault.json says'
  const error = '{"error":{"message":"too many","type":"requests","code":"rate_limit_exceeded"}}'

  const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}'
  test.each<[what: string, stream: boolean, text: string]>([
    ['whole answer', false, error],
    ['first event', true, `data: ${error}\n\n`],
    ['later event', true, `${role}\n\ndata: ${error}\n\n`],
    ['event named error', true, `event: error\ndata: ${error}\n\n`],
  ])('an error inside a 2xx is compared with fault.json: %s', async (_, stream, text) => {
    const right = await failures(relay, answered(stream, text, 'rate_limit'))
    expect(right.get(verdict)).toBeUndefined()
    const wrong = await failures(relay, answered(stream, text, 'overloaded'))
    expect(wrong.get(verdict)).toContain('failing: fault.kind: expected "overloaded", found "rate_limit"')
  })

  test.each<[what: string, stream: boolean, text: string]>([
    ['whole answer', false, '{"choices":[]}'],
    ['stream', true, `${role}\n\ndata: [DONE]\n\n`],
  ])('fault.json beside an answer without an error fails: %s', async (_, stream, text) => {
    const failed = await failures(relay, answered(stream, text, 'rate_limit'))
    expect(failed.get(verdict)).toContain('failing: no error in the vendor’s answer, and its status is 200')
  })

  test('a whole answer that the gateway takes for a good one fails end to end', async () => {
    const good =
      '{"id":"c","object":"chat.completion","created":1,"model":"small","choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"Hi"}}]}'
    const failed = await failures(relay, answered(false, good, 'bad_response'), createGateway)
    expect(
      failed.get('through a gateway a failed answer becomes an error envelope with an error status'),
    ).toContain('failing: status 200 for a failure')
  })
})

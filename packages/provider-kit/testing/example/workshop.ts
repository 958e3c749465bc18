import {
  type BinaryAnswer,
  definePlugin,
  type Framing,
  type FramingLimits,
  type ImageRequest,
  type ImageResponse,
  isObject,
  type Operation,
  ProviderFault,
  type ProviderPlugin,
  type SseEvent,
  type VideoRequest,
  type VideoResponse,
} from '@llmproxy/provider-kit'
import { z } from 'zod'
import type { FixtureCase, Fixtures } from '../fixture.ts'
import { toyChat } from './toy-chat.ts'

type Images = Operation<ImageRequest, ImageResponse, never>
type Videos = Operation<VideoRequest, VideoResponse, never>

/** Two bytes of length, then as many bytes of JSON. */
export function framing({ eventBytes }: FramingLimits): Framing {
  let held = Buffer.alloc(0)
  return {
    push(bytes) {
      held = Buffer.concat([held, bytes])
      const events: SseEvent[] = []
      while (held.length >= 2) {
        const length = held.readUInt16BE()
        if (length > eventBytes) throw bad('the frame is too large')
        if (held.length < length + 2) break
        events.push({ data: held.toString('utf8', 2, length + 2) })
        held = held.subarray(length + 2)
      }
      return events.filter(({ data }) => data !== '')
    },
    end() {
      if (held.length > 0) throw bad('the stream was cut inside a frame')
      return []
    },
  }
}

/** Draws one picture in one exchange. */
export const images: Images = {
  request: ({ body, model }) => ({ path: '/draw', body: { engine: model, text: body.prompt } }),
  response: (body, { created }) => ({ created, data: [{ url: word(body, 'picture') }] }),
  split: ({ body: { n, ...shared } }) => (n ? Array.from({ length: n }, () => shared) : undefined),
  join: (answers, { created }) => ({ created, data: answers.flatMap(({ data }) => data) }),
}

/** Films are jobs. */
export const videos: Videos = {
  request: ({ body }) => ({
    path: '/film',
    form: {
      text: body.prompt,
      still: { filename: 'a.png', mediaType: 'image/png', bytes: Buffer.from('PNG') },
    },
  }),
  follow(body) {
    const job = word(body, 'job')
    const state = isObject(body) ? body['state'] : undefined
    if (state === 'failed') throw new ProviderFault({ kind: 'upstream', message: 'the film was torn' })
    if (state === 'done') return { request: { path: `/film/${job}/file` }, afterMs: 0, binary: true }
    return { request: { path: `/film/${job}` }, afterMs: 2000 }
  },
  response(body) {
    const file = body as Partial<BinaryAnswer> | null
    if (file === null || typeof file.base64 !== 'string') throw bad('no film')
    return { data: [{ url: `data:${file.mediaType};base64,${file.base64}` }] }
  },
}

/** The operations of the workshop. */
export interface Workshop {
  readonly chat?: object
  readonly images?: object
  readonly videos?: object
}

/** An invented vendor with frames, parts and jobs; what is given stands over its own operations. */
export function workshop({ chat, images: drawn, videos: filmed }: Workshop = {}): ProviderPlugin {
  return definePlugin({
    type: 'workshop',
    options: z.strictObject({ base_url: z.string().default('http://workshop.invalid') }),
    create: ({ base_url }) => ({
      baseUrl: base_url,
      authorize: () => ({}),
      supports: { tools: false, images: false, json_schema: false },
      operations: {
        chat: { ...toyChat, framing, ...chat },
        images: { ...images, ...drawn },
        videos: { ...videos, ...filmed },
      },
    }),
  })
}

function word(body: unknown, name: string): string {
  const value = isObject(body) ? body[name] : undefined
  if (typeof value !== 'string') throw bad(`no ${name}`)
  return value
}

function bad(message: string): ProviderFault {
  return new ProviderFault({ kind: 'bad_response', message: `workshop: ${message}` })
}

/** A stream of frames. */
export function frames(...events: readonly object[]): Buffer {
  return Buffer.concat(
    events.flatMap((event) => {
      const data = Buffer.from(JSON.stringify(event))
      const length = Buffer.alloc(2)
      length.writeUInt16BE(data.length)
      return [length, data]
    }),
  )
}

const options = { base_url: 'http://workshop.invalid' }
const json = { 'content-type': 'application/json' }
const shared = { options, model: 'w-1', stream: false, headers: {}, dropped: [] }

function answer(body: unknown): NonNullable<FixtureCase['upstream']> {
  return { status: 200, headers: json, text: JSON.stringify(body), sse: false }
}

const chunk = (choices: object[], more: object = {}): object => ({
  id: 'chatcmpl-conformance',
  created: 1_700_000_000,
  model: 'w-1',
  object: 'chat.completion.chunk',
  choices,
  ...more,
})

const messages = [{ role: 'user', content: 'Hi' }]
const streamed: FixtureCase = {
  ...shared,
  name: 'frames',
  operation: 'chat',
  stream: true,
  request: { model: 'w-1', stream: true, messages },
  upstreamRequest: { path: '/talk', body: { engine: 'w-1', lines: ['user: Hi'], live: true } },
  upstream: {
    status: 200,
    headers: { 'content-type': 'application/octet-stream' },
    text: '',
    bytes: frames({ reply: 'Grüße' }, { reply: '!' }, { ended: 'full', tokens: [1, 2] }),
    sse: true,
  },
  chunks: [
    chunk([{ index: 0, delta: { role: 'assistant', content: 'Grüße' }, finish_reason: null }]),
    chunk([{ index: 0, delta: { content: '!' }, finish_reason: null }]),
    chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]),
    chunk([], { usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
  ],
}

const failing: FixtureCase = {
  ...streamed,
  name: 'frames-failing',
  upstream: { ...streamed.upstream!, bytes: frames({ error: { type: 'overloaded_error', message: 'no' } }) },
  chunks: [],
  fault: { kind: 'overloaded' },
}

const whole: FixtureCase = {
  ...shared,
  name: 'whole',
  operation: 'chat',
  request: { model: 'w-1', messages },
  upstreamRequest: { path: '/talk', body: { engine: 'w-1', lines: ['user: Hi'] } },
  upstream: answer({ reply: 'Hi', ended: 'full', tokens: [1, 2] }),
  response: {
    id: 'chatcmpl-conformance',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'w-1',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 },
  },
}

const refused: FixtureCase = {
  ...whole,
  name: 'refused',
  upstream: { ...answer({ error: { message: 'slow down' } }), status: 429 },
  fault: { kind: 'rate_limit', status: 429 },
}

const draw = { path: '/draw', body: { engine: 'w-1', text: 'A cat' } }
const pictures: FixtureCase = {
  ...shared,
  name: 'pictures',
  operation: 'images',
  request: { model: 'w-1', prompt: 'A cat', n: 2 },
  upstreamRequests: [draw, draw],
  upstream: answer({ picture: 'http://a.test/1' }),
  upstreamParts: [answer({ picture: 'http://a.test/1' }), answer({ picture: 'http://a.test/2' })],
  response: { created: 1_700_000_000, data: [{ url: 'http://a.test/1' }, { url: 'http://a.test/2' }] },
}

const film: FixtureCase = {
  ...shared,
  name: 'film',
  operation: 'videos',
  request: { model: 'w-1', prompt: 'A cat' },
  upstreamRequest: {
    path: '/film',
    form: { text: 'A cat', still: { filename: 'a.png', mediaType: 'image/png', base64: 'UE5H' } },
  },
  upstream: answer({ job: '7', state: 'waiting' }),
  follow: [
    { request: { path: '/film/7' }, afterMs: 2000, response: { job: '7', state: 'done' } },
    {
      request: { path: '/film/7/file' },
      afterMs: 0,
      binary: true,
      response: { mediaType: 'video/mp4', base64: 'AAAA' },
    },
  ],
  response: { data: [{ url: 'data:video/mp4;base64,AAAA' }] },
}

const torn: FixtureCase = {
  ...film,
  name: 'film-torn',
  follow: [{ request: { path: '/film/7' }, response: { job: '7', state: 'failed' } }],
  fault: { kind: 'upstream', message: 'torn' },
}

/** What the workshop says. */
export const workshopFixtures: Fixtures = {
  options: { valid: [options] },
  cases: [streamed, failing, whole, refused, pictures, film, torn],
  files: [],
}

import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { chatScene, embeddingsScene, imagesScene } from './scenes.ts'
import {
  chatSchema,
  embeddingsSchema,
  imagesSchema,
  pairingProblem,
  schemaProblem,
  videosSchema,
} from './schema.ts'

const key = 'test-key'
const models = {
  chat: 'openai/gpt-4o',
  embeddings: 'openai/text-embedding-3-small',
  images: 'openai/gpt-image-1',
  videos: 'google/veo-3',
}

/** OpenRouter on loopback: bearer key, paths below `/api/v1`, errors with numbers as codes. */
export const vendor: SimulatedVendor = {
  type: 'openrouter',
  models,
  options: (url) => ({
    api_key: key,
    base_url: `${url}/api`,
    site_url: 'https://example.com',
    app_name: 'An example',
    video_poll_interval: 0.01,
  }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        route(
          '/chat/completions',
          (body) => schemaProblem(chatSchema, body) ?? pairingProblem(body),
          chatScene,
        ),
        route('/embeddings', embeddingsProblem, embeddingsScene),
        route('/images', (body) => schemaProblem(imagesSchema, body), imagesScene),
        ...videoRoutes(),
        {
          method: 'GET',
          path: '/api/v1/models',
          answer: () => ({
            json: { data: Object.values(models).map((id) => ({ id, name: id, created: 1_760_000_000 })) },
          }),
        },
        {
          method: 'GET',
          path: '/api/v1/key',
          answer: () => ({
            json: { data: { label: 'a key', limit: null, limit_remaining: null, usage: 0 } },
          }),
        },
      ],
      refusal: ({ status, message }) => ({ error: { code: status, message }, user_id: 'user_1' }),
    }),
}

function authenticate({ headers, query }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] === undefined) return 'Missing Authentication header'
  if (headers['authorization'] !== `Bearer ${key}`) return 'User not found.'
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  if (other !== undefined) return { status: 400, message: `the header ${other} has no business here` }
  return query.size > 0 ? { status: 400, message: 'a query is not expected here' } : undefined
}

function route(
  path: string,
  problem: (body: unknown, request: SimulatedRequest) => string | undefined,
  answer: (body: JsonObject) => SimulatedAnswer,
): SimulatedRoute {
  return {
    method: 'POST',
    path: `/api/v1${path}`,
    check: (request) => attributionProblem(request) ?? problem(request.body, request),
    answer: ({ body }) => answer(isObject(body) ? body : {}),
  }
}

function attributionProblem({ headers }: SimulatedRequest): string | undefined {
  const named =
    headers['http-referer'] === 'https://example.com' && headers['x-openrouter-title'] === 'An example'
  return named ? undefined : 'the headers of attribution are not there'
}

function embeddingsProblem(body: unknown, { headers }: SimulatedRequest): string | undefined {
  if (headers['accept'] !== 'application/json') return 'accept: JSON must be asked for'
  return schemaProblem(embeddingsSchema, body)
}

/** A job is pending first, in progress once, and completed then. */
function videoRoutes(): SimulatedRoute[] {
  const words = ['pending', 'in_progress', 'completed']
  const asked = new Map<string, number>()
  const job = (id: string): object => {
    const status = words[Math.min(asked.get(id) ?? 0, 2)]
    const done = status === 'completed' && {
      unsigned_urls: [`https://example.com/${id}.mp4`],
      usage: { cost: 0.4 },
    }
    // A host that must never be asked, since it would get the key.
    return { id, polling_url: `http://127.0.0.1:9/${id}`, status, ...done }
  }
  return [
    {
      ...route(
        '/videos',
        (body) => schemaProblem(videosSchema, body),
        () => ({}),
      ),
      answer() {
        const id = `job_${asked.size + 1}`
        asked.set(id, 0)
        return { status: 202, json: job(id) }
      },
    },
    {
      method: 'GET',
      path: /^\/api\/v1\/videos\/job_\d+$/,
      answer({ path }) {
        const id = path.split('/').at(-1) ?? ''
        asked.set(id, (asked.get(id) ?? 0) + 1)
        return { json: job(id) }
      },
    },
  ]
}

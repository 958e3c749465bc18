import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { chatScene, completeScene, completionsScene, embeddingsScene, imagesScene } from './scenes.ts'
import {
  chatSchema,
  completeSchema,
  completionsSchema,
  embeddingsSchema,
  imagesSchema,
  pairingProblem,
  schemaProblem,
  videosSchema,
} from './schema.ts'

const key = 'test-key'
const models = { chat: 'grok-4', images: 'grok-imagine-image', videos: 'grok-imagine-video' }

/** xAI on loopback: bearer key, a wrong one told with 400, phrases as codes. */
export const vendor: SimulatedVendor = {
  type: 'grok',
  models,
  options: (url) => ({ api_key: key, base_url: url, video_poll_interval: 0.01 }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        route(
          '/chat/completions',
          (body) => schemaProblem(chatSchema, body) ?? pairingProblem(body),
          chatScene,
        ),
        route('/complete', (body) => schemaProblem(completeSchema, body), completeScene),
        route('/completions', (body) => schemaProblem(completionsSchema, body), completionsScene),
        route('/embeddings', (body) => schemaProblem(embeddingsSchema, body), embeddingsScene),
        route('/images/generations', (body) => schemaProblem(imagesSchema, body), imagesScene),
        ...videoRoutes(),
        {
          method: 'GET',
          path: '/v1/models',
          answer: () => ({
            json: {
              object: 'list',
              data: Object.values(models).map((id) => ({ id, object: 'model', created: 1, owned_by: 'xai' })),
            },
          }),
        },
      ],
      refusal: ({ status, message }) => ({
        code: status === 404 ? 'Some requested entity was not found' : 'Client specified an invalid argument',
        error: status === 404 ? 'No handler found on route. Please double check your URL.' : message,
      }),
    }),
}

function authenticate({ headers, query }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] === undefined) return 'No authorization header.'
  if (headers['authorization'] !== `Bearer ${key}`)
    return { status: 400, message: 'Incorrect API key provided: te***ey.' }
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  if (other !== undefined) return { status: 400, message: `the header ${other} has no business here` }
  return query.size > 0 ? { status: 400, message: 'a query is not expected here' } : undefined
}

function route(
  path: string,
  problem: (body: unknown) => string | undefined,
  answer: (body: JsonObject) => SimulatedAnswer,
): SimulatedRoute {
  return {
    method: 'POST',
    path: `/v1${path}`,
    check({ body }) {
      const message = problem(body)
      return message === undefined ? undefined : { status: 422, message }
    },
    answer: ({ body }) => answer(isObject(body) ? body : {}),
  }
}

/** A job is pending when it is asked about for the first time, and done then. Only its first answer names it. */
function videoRoutes(): SimulatedRoute[] {
  const asked = new Map<string, number>()
  return [
    {
      ...route(
        '/videos/generations',
        (body) => schemaProblem(videosSchema, body),
        () => ({}),
      ),
      answer() {
        const id = `job-${asked.size + 1}`
        asked.set(id, 0)
        return { json: { request_id: id } }
      },
    },
    {
      method: 'GET',
      path: /^\/v1\/videos\/job-\d+$/,
      answer({ path }) {
        const id = path.split('/').at(-1) ?? ''
        const count = asked.get(id) ?? 0
        asked.set(id, count + 1)
        if (count === 0) return { status: 202, json: { status: 'pending', progress: 40 } }
        const video = { url: `https://a.example/${id}.mp4`, duration: 8, respect_moderation: true }
        return { json: { status: 'done', progress: 100, model: models.videos, video } }
      },
    },
  ]
}

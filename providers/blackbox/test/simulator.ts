import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import {
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { chatScene, mediaScene } from './scenes.ts'
import {
  chatSchema,
  imagesSchema,
  mediaSchema,
  pairingProblem,
  schemaProblem,
  videosSchema,
} from './schema.ts'

const key = 'test-key'
const models = {
  chat: 'blackboxai/openai/gpt-4o',
  images: 'blackboxai/black-forest-labs/flux-pro',
  videos: 'blackboxai/google/veo-2',
}
/** What the models that are asked for a prompt only answer with. */
const files: ReadonlyMap<unknown, string> = new Map([
  [models.images, 'https://replicate.delivery/xezq/tmp.webp'],
  [models.videos, 'https://replicate.delivery/xezq/tmp.mp4'],
])

/** Blackbox on loopback: bearer key, chat with and without the version, pictures and videos in both formats. */
export const vendor: SimulatedVendor = {
  type: 'blackbox',
  models,
  options: (url) => ({ api_key: key, base_url: url }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: /^(?:\/v1)?\/chat\/completions$/,
          check: ({ body }) => chatProblem(body),
          answer({ body }) {
            const asked = isObject(body) ? body : {}
            const file = files.get(asked['model'])
            return file === undefined ? chatScene(asked) : mediaScene(asked, file)
          },
        },
        mediaRoute('/v1/images/generations', imagesSchema, 'https://example.com/city.png'),
        mediaRoute('/v1/videos/generations', videosSchema, 'https://example.com/city.mp4'),
        {
          method: 'GET',
          path: '/v1/models',
          answer: () => ({
            json: { object: 'list', data: Object.values(models).map((id) => ({ id, object: 'model' })) },
          }),
        },
      ],
      refusal: ({ status, message }) => ({ error: { code: status, message } }),
    }),
}

function authenticate({ headers, query }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`) return 'Invalid credentials'
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  if (other !== undefined) return { status: 400, message: `the header ${other} has no business here` }
  return query.size > 0 ? { status: 400, message: 'a query is not expected here' } : undefined
}

function chatProblem(body: unknown): string | undefined {
  if (isObject(body) && files.has(body['model'])) return schemaProblem(mediaSchema, body)
  return schemaProblem(chatSchema, body) ?? pairingProblem(body)
}

function mediaRoute(path: string, schema: Parameters<typeof schemaProblem>[0], url: string): SimulatedRoute {
  return {
    method: 'POST',
    path,
    check: ({ body }) => schemaProblem(schema, body),
    answer({ body }) {
      const { n } = body as JsonObject
      return { json: { data: Array.from({ length: typeof n === 'number' ? n : 1 }, () => ({ url })) } }
    },
  }
}

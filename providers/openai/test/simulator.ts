import { isObject } from '@llmproxy/provider-kit'
import {
  openaiRoutes,
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  videoRoutes,
  type Violation,
} from '@llmproxy/provider-kit/testing'

const key = 'test-key'
const models = ['gpt-4o', 'gpt-5.1', 'o3', 'text-embedding-3-small', 'gpt-image-1', 'sora-2']

/** OpenAI on loopback: bearer key, paths below `/v1`, models that reason and refuse parameters. */
export const vendor: SimulatedVendor = {
  type: 'openai',
  models: {
    chat: 'gpt-4o',
    embeddings: 'text-embedding-3-small',
    images: 'gpt-image-1',
    videos: 'sora-2',
  },
  options: (url) => ({ api_key: key, base_url: `${url}/v1`, video_poll_interval: 0.01 }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        ...openaiRoutes({
          path: (operation) => `/v1${operation}`,
          check: ({ query, body }) => {
            if (query.size > 0) return 'a query is not expected here'
            const refuses = isObject(body) && body['model'] === 'o3' && body['stop'] !== undefined
            return refuses ? "Unsupported parameter: 'stop' is not supported with this model." : undefined
          },
          reasons: ({ body }) => isObject(body) && /^(?:o\d|gpt-5)/.test(String(body['model'])),
        }),
        ...videoRoutes('/v1/videos'),
        {
          method: 'GET',
          path: '/v1/models',
          answer: () => ({
            json: {
              object: 'list',
              data: models.map((id) => ({ id, object: 'model', created: 1_760_000_000, owned_by: 'system' })),
            },
          }),
        },
      ],
      refusal: ({ status, message }) => ({
        error: {
          message,
          type: 'invalid_request_error',
          param: null,
          code: status === 401 ? 'invalid_api_key' : null,
        },
      }),
    }),
}

function authenticate({ headers }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`) return 'Incorrect API key provided: test-***.'
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  return other && { status: 400, message: `the header ${other} has no business here` }
}

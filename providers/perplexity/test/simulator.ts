import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { askScene, chatScene, embeddingsScene } from './scenes.ts'
import { askSchema, chatSchema, embeddingsSchema, orderProblem, schemaProblem } from './schema.ts'

const key = 'test-key'

/** Perplexity on loopback: bearer key, no version in the path of chat, turns that must alternate. */
export const vendor: SimulatedVendor = {
  type: 'perplexity',
  models: { chat: 'sonar-reasoning-pro', embeddings: 'pplx-embed-v1-4b' },
  options: (url) => ({ api_key: key, base_url: url, embeddings: true }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        route(
          '/chat/completions',
          (body) => schemaProblem(chatSchema, body) ?? orderProblem(body),
          chatScene,
        ),
        route('/v1/ask', (body) => schemaProblem(askSchema, body), askScene),
        route('/v1/embeddings', (body) => schemaProblem(embeddingsSchema, body), embeddingsScene),
        {
          method: 'GET',
          path: '/async/chat/completions',
          check: ({ query }) => (query.get('limit') === '1' ? undefined : 'limit: 1 is enough'),
          answer: () => ({ json: { requests: [] } }),
        },
        { method: 'GET', path: '/v1/models', answer: () => ({ json: { object: 'list', data: [] } }) },
      ],
      refusal: ({ status, message }) => ({
        error: { message, type: status === 401 ? 'authentication_error' : 'invalid_message', code: status },
      }),
    }),
}

/** The specification's paths have a header of their own. */
const asking: ReadonlySet<string> = new Set(['/v1/ask', '/v1/models'])

function authenticate({ headers, path }: SimulatedRequest): Violation | string | undefined {
  const [name, value] = asking.has(path) ? ['x-perplexity-api-key', key] : ['authorization', `Bearer ${key}`]
  if (headers[name] !== value) return 'Invalid API key provided.'
  const other = ['authorization', 'x-perplexity-api-key', 'x-api-key', 'api-key'].find(
    (each) => each !== name && headers[each] !== undefined,
  )
  return other === undefined
    ? undefined
    : { status: 400, message: `the header ${other} has no business here` }
}

function route(
  path: string,
  problem: (body: unknown) => string | undefined,
  answer: (body: JsonObject) => SimulatedAnswer,
): SimulatedRoute {
  return {
    method: 'POST',
    path,
    check: ({ body, query }) => (query.size > 0 ? 'a query is not expected here' : problem(body)),
    answer: ({ body }) => answer(isObject(body) ? body : {}),
  }
}

import {
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { chatAnswer } from './answer.ts'
import { chatBody, problemOf } from './request-schema.ts'

const key = 'test-key'

/** The models that the simulated vendor has. */
export const models = ['llama-3.3-70b-versatile', 'openai/gpt-oss-120b', 'qwen/qwen3-32b'] as const

/** The vendor, played strictly: it refuses what it is said to refuse, and what is not documented. */
export const vendor: SimulatedVendor = {
  type: 'groq',
  models: { chat: models[0] },
  options: (url) => ({ api_key: key, base_url: `${url}/openai/v1` }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: '/openai/v1/chat/completions',
          check: ({ body }) => modelProblem(body) ?? problemOf(body),
          answer: ({ body }) => chatAnswer(chatBody.parse(body)),
        },
        {
          method: 'GET',
          path: '/openai/v1/models',
          answer: () => ({
            json: { object: 'list', data: models.map((id) => ({ id, object: 'model', owned_by: 'Vendor' })) },
          }),
        },
      ],
      refusal,
    }),
}

function authenticate({ headers }: SimulatedRequest): string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`) return 'Invalid API Key'
  const second = ['x-api-key', 'api-key'].find((name) => headers[name] !== undefined)
  return second === undefined ? undefined : `a second credential in ${second}`
}

function modelProblem(body: unknown): Violation | undefined {
  const { model } = (body ?? {}) as { readonly model?: unknown }
  return models.some((known) => known === model)
    ? undefined
    : {
        status: 404,
        message: `The model \`${String(model)}\` does not exist or you do not have access to it.`,
      }
}

/** There is no `param`. */
function refusal({ status, message }: Violation): unknown {
  const code = { 401: 'invalid_api_key', 404: 'model_not_found' }[status]
  return { error: { message, type: 'invalid_request_error', ...(code !== undefined && { code }) } }
}

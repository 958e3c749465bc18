import {
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { chatAnswer } from './answer.ts'
import { modelProblem, models } from './model-rules.ts'
import { type ChatBody, chatBody, schemaProblem } from './request-schema.ts'

const key = 'test-key'

/** The vendor, played strictly: it refuses what is not documented. */
export const vendor: SimulatedVendor = {
  type: 'deepseek',
  models: { chat: 'deepseek-chat' },
  options: (url) => ({ api_key: key, base_url: url }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: /^(?:\/v1)?\/chat\/completions$/,
          check: ({ body }) => problemOf(body),
          answer: ({ body }) => chatAnswer(chatBody.parse(body)),
        },
        {
          method: 'GET',
          path: /^(?:\/v1)?\/models$/,
          answer: () => ({
            json: {
              object: 'list',
              data: models.map((id) => ({ id, object: 'model', owned_by: 'deepseek' })),
            },
          }),
        },
      ],
      refusal,
    }),
}

function authenticate({ headers }: SimulatedRequest): string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`)
    return `Authentication Fails, Your api key: ****${(headers['authorization'] ?? '').slice(-4)} is invalid`
  const second = ['x-api-key', 'api-key'].find((name) => headers[name] !== undefined)
  return second === undefined ? undefined : `a second credential in ${second}`
}

function problemOf(body: unknown): Violation | string | undefined {
  const wrong = schemaProblem(body)
  if (wrong !== undefined) return { status: 422, message: `Failed to deserialize the JSON body: ${wrong}` }
  const asked = body as ChatBody
  if (!models.some((model) => model === asked.model))
    return { status: 404, message: `no model ${asked.model}` }
  return modelProblem(asked)
}

/** The type stands in `code`, whatever the error is. */
function refusal({ status, message }: Violation): unknown {
  const type = status === 401 ? 'authentication_error' : 'invalid_request_error'
  return { error: { message, type, param: null, code: 'invalid_request_error' } }
}

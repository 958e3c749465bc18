import {
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import { messageAnswer } from './answer.ts'
import { models, modelProblem } from './model-rules.ts'
import { type MessagesBody, messagesBody, schemaProblem } from './request-schema.ts'
import type { SentBody } from './subject.ts'
import { brokenRule } from './vendor-rules.ts'

const key = 'test-key'

/** The vendor, played strictly: it refuses what the real one would refuse, in the real one's words. */
export const vendor: SimulatedVendor = {
  type: 'anthropic',
  models: { chat: 'claude-sonnet-4-5' },
  options: (url) => ({ api_key: key, base_url: url }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: '/v1/messages',
          check: ({ body }) => problemOf(body),
          answer: ({ body }) => messageAnswer(messagesBody.parse(body)),
        },
        {
          method: 'GET',
          path: '/v1/models',
          check: ({ query }) =>
            /^(?:[1-9]\d{0,2}|1000)$/.test(query.get('limit') ?? '20') ? undefined : 'limit: out of range',
          answer: () => ({ json: modelList }),
        },
      ],
      refusal,
    }),
}

const modelList = {
  data: [...models.keys()].map((id) => ({
    type: 'model',
    id,
    display_name: id,
    created_at: '2026-01-01T00:00:00Z',
  })),
  has_more: false,
  first_id: [...models.keys()].at(0),
  last_id: [...models.keys()].at(-1),
}

function authenticate({ headers }: SimulatedRequest): Violation | string | undefined {
  if (headers['x-api-key'] !== key) return 'invalid x-api-key'
  if (headers['authorization'] !== undefined) return 'a second credential in authorization'
  return headers['anthropic-version'] === '2023-06-01'
    ? undefined
    : { status: 400, message: 'anthropic-version: header is required' }
}

function problemOf(body: unknown): Violation | string | undefined {
  const wrong = schemaProblem(body)
  if (wrong !== undefined) return wrong
  const asked = body as MessagesBody
  if (!models.has(asked.model)) return { status: 404, message: `model: ${asked.model}` }
  return modelProblem(asked) ?? brokenRule(asTurns(asked))
}

/** A text in the place of blocks is one block of text. */
function asTurns(body: MessagesBody): SentBody {
  const messages = body.messages.map(({ role, content }) => ({
    role,
    content: typeof content === 'string' ? [{ type: 'text', text: content }] : content,
  }))
  return { ...body, messages } as unknown as SentBody
}

const types: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [404, 'not_found_error'],
])

function refusal({ status, message }: Violation): unknown {
  const type = types.get(status) ?? 'invalid_request_error'
  return { type: 'error', error: { type, message }, request_id: 'req_1' }
}

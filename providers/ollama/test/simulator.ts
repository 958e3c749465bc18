import { toBase64 } from '@llmproxy/provider-kit'
import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import { nativeAnswer } from './native-answer.ts'
import { chatAnswer, completionAnswer } from './openai-answer.ts'
import { chatBody, completionBody, embeddingsBody, nativeBody, schemaProblem } from './request-schema.ts'

const key = 'test-key'
const loaded = ['llama3.2', 'nomic-embed-text']

/** A server, played strictly: it refuses what the real one would ignore without a word, too. */
export const vendor: SimulatedVendor = {
  type: 'ollama',
  models: { chat: 'llama3.2', embeddings: 'nomic-embed-text' },
  options: (url) => ({ base_url: `${url}/v1` }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        post('/v1/chat/completions', chatBody, chatAnswer),
        post('/v1/completions', completionBody, completionAnswer),
        post('/v1/embeddings', embeddingsBody, embeddingsAnswer),
        post('/api/chat', nativeBody, nativeAnswer),
        { method: 'GET', path: '/api/version', answer: () => ({ json: { version: '0.12.6' } }) },
        { method: 'GET', path: '/v1/models', answer: () => ({ json: { object: 'list', data: modelList } }) },
      ],
      refusal,
    }),
}

const modelList = loaded.map((id) => ({ id, object: 'model', created: 1_700_000_000, owned_by: 'library' }))

/** No key is needed; one that comes must be right, and alone. */
function authenticate({ headers }: SimulatedRequest): string | undefined {
  const { authorization } = headers
  if (authorization !== undefined && authorization !== `Bearer ${key}`) return 'unauthorized'
  const second = ['x-api-key', 'api-key'].find((name) => headers[name] !== undefined)
  return second === undefined ? undefined : `a second credential in ${second}`
}

function post<Schema extends z.ZodType>(
  path: string,
  schema: Schema,
  answer: (body: z.output<Schema>) => SimulatedAnswer,
): SimulatedRoute {
  return {
    method: 'POST',
    path,
    check: ({ body }) => unknownModel(body) ?? schemaProblem(schema, body),
    answer: ({ body }) => answer(schema.parse(body)),
  }
}

function unknownModel(body: unknown): Violation | undefined {
  const { model } = body as { model?: string }
  if (model !== undefined && loaded.includes(model)) return undefined
  return { status: 404, message: `model '${model}' not found` }
}

function embeddingsAnswer({ model, input, encoding_format: format }: z.output<typeof embeddingsBody>) {
  const inputs = Array.isArray(input) ? input : [input]
  const vector = [0.5, -0.25, 1]
  const data = inputs.map((_, index) => ({
    object: 'embedding',
    embedding: format === 'base64' ? toBase64(vector) : vector,
    index,
  }))
  return { json: { object: 'list', data, model, usage: { prompt_tokens: 3, total_tokens: 3 } } }
}

const types: Readonly<Record<number, string>> = { 400: 'invalid_request_error', 404: 'not_found_error' }

function refusal({ status, message }: Violation): unknown {
  return { error: { message, type: types[status] ?? 'api_error', param: null, code: null } }
}

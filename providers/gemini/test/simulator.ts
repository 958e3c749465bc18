import {
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import { chatAnswer } from './answer.ts'
import { batchBody, chatBody, embedBody, schemaProblem } from './request-schema.ts'
import { brokenRule } from './vendor-rules.ts'

const key = 'test-key'
const chatModels = ['gemini-3-pro-preview', 'gemini-2.5-flash']
const embedModel = 'gemini-embedding-001'

/** The vendor, played strictly: it refuses what is not documented. */
export const vendor: SimulatedVendor = {
  type: 'gemini',
  models: { chat: 'gemini-3-pro-preview', embeddings: embedModel },
  options: (url) => ({ api_key: key, base_url: `${url}/v1beta` }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [chat('generateContent'), chat('streamGenerateContent'), embed, batchEmbed, models],
      refusal,
    }),
}

function authenticate({ headers, query }: SimulatedRequest): Violation | string | undefined {
  if (query.has('key')) return 'a key in the URL'
  const second = ['authorization', 'x-api-key', 'api-key'].find((name) => headers[name] !== undefined)
  if (second !== undefined) return `a second credential in ${second}`
  if (headers['x-goog-api-key'] === key) return undefined
  return { status: 400, message: 'API key not valid. Please pass a valid API key.' }
}

function chat(method: 'generateContent' | 'streamGenerateContent'): SimulatedRoute {
  const stream = method === 'streamGenerateContent'
  return {
    method: 'POST',
    path: new RegExp(`^/v1beta/models/[^/]+:${method}$`),
    check(request) {
      if ((request.query.get('alt') === 'sse') !== stream)
        return 'alt=sse belongs to a stream, and only there'
      const unknown = modelProblem(request, chatModels)
      if (unknown !== undefined) return unknown
      const { body } = request
      return schemaProblem(chatBody, body) ?? brokenRule(modelOf(request), chatBody.parse(body))
    },
    answer: (request) => chatAnswer(modelOf(request), chatBody.parse(request.body), stream),
  }
}

const embed = embedding('embedContent', embedBody, ({ outputDimensionality }) => ({
  json: { embedding: { values: vector(outputDimensionality) } },
}))

const batchEmbed = embedding('batchEmbedContents', batchBody, ({ requests }) => ({
  json: {
    embeddings: requests.map(({ outputDimensionality }) => ({ values: vector(outputDimensionality) })),
  },
}))

function embedding<Schema extends z.ZodType>(
  method: string,
  schema: Schema,
  answer: (body: z.output<Schema>) => SimulatedAnswer,
): SimulatedRoute {
  return {
    method: 'POST',
    path: new RegExp(`^/v1beta/models/[^/]+:${method}$`),
    check: (request) =>
      modelProblem(request, [embedModel]) ?? schemaProblem(schema, request.body) ?? foreignModel(request),
    answer: ({ body }) => answer(schema.parse(body)),
  }
}

/** Every request of a batch names the model that the path names. */
function foreignModel(request: SimulatedRequest): string | undefined {
  const { requests = [] } = request.body as { requests?: { model: string }[] }
  return requests.every(({ model }) => model === `models/${modelOf(request)}`)
    ? undefined
    : 'the model does not match the model in the URL'
}

function vector(length = 3): number[] {
  return Array.from({ length }, (_, index) => index / 2 - 0.25)
}

const models: SimulatedRoute = {
  method: 'GET',
  path: '/v1beta/models',
  check: ({ query }) => {
    const size = Number(query.get('pageSize') ?? 50)
    return size >= 1 && size <= 1000 ? undefined : 'page_size'
  },
  answer: () => ({
    json: {
      models: [
        ...chatModels.map((id) => ({
          name: `models/${id}`,
          supportedGenerationMethods: ['generateContent'],
        })),
        { name: `models/${embedModel}`, supportedGenerationMethods: ['embedContent'] },
      ],
    },
  }),
}

function modelOf({ path }: SimulatedRequest): string {
  return /models\/(.+):/.exec(path)?.[1] ?? ''
}

function modelProblem(request: SimulatedRequest, known: readonly string[]): Violation | undefined {
  const model = modelOf(request)
  return known.includes(model)
    ? undefined
    : { status: 404, message: `models/${model} is not found for API version v1beta` }
}

const words: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  401: 'UNAUTHENTICATED',
  404: 'NOT_FOUND',
}

function refusal({ status, message }: Violation): unknown {
  const reason = message.startsWith('API key not valid') ? [{ reason: 'API_KEY_INVALID' }] : []
  return { error: { code: status, message, status: words[status] ?? 'INTERNAL', details: reason } }
}

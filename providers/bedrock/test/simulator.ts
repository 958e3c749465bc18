import {
  type SimulatedRequest,
  type SimulatedRoute,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import { converseAnswer, streamedAnswer } from './answer.ts'
import { conversationProblem } from './conversation-rules.ts'
import { converseBody, embeddingBodies, schemaProblem } from './request-schema.ts'
import { signatureProblem } from './signature.ts'

const token = 'test-key'

/** The models that the simulated vendor has. */
export const models = {
  chat: 'anthropic.claude-sonnet-4-5-20250929-v1:0',
  titan: 'amazon.titan-embed-text-v2:0',
  cohere: 'cohere.embed-english-v3',
} as const

/** The vendor, played strictly: with a bearer token, or with the access key of `signature.ts`. */
export const vendor: SimulatedVendor = {
  type: 'bedrock',
  models: { chat: models.chat, embeddings: models.titan },
  options: (url) => ({ region: 'us-east-1', api_key: token, base_url: url, control_plane_url: url }),
  start: () => startSimulator({ authenticate, routes, refusal }),
}

const routes: readonly SimulatedRoute[] = [
  {
    method: 'POST',
    path: modelPath(models.chat, 'converse'),
    check: ({ body }) => converseProblem(body),
    answer: ({ body }) => converseAnswer(converseBody.parse(body)),
  },
  {
    method: 'POST',
    path: modelPath(models.chat, 'converse-stream'),
    check: ({ body }) => converseProblem(body),
    answer: ({ body }) => streamedAnswer(converseBody.parse(body)),
  },
  embeddingRoute(models.titan, embeddingBodies.titan, ({ inputText }) => ({
    embedding: [inputText.length, 0.5, -0.5],
    inputTextTokenCount: 3,
  })),
  embeddingRoute(models.cohere, embeddingBodies.cohere, ({ texts }) => ({
    id: 'simulated',
    embeddings: { float: texts.map((text) => [text.length, 0.5, -0.5]) },
    response_type: 'embeddings_by_type',
    texts,
  })),
  {
    method: 'GET',
    path: '/foundation-models',
    answer: () => ({ json: { modelSummaries: Object.values(models).map((modelId) => ({ modelId })) } }),
  },
]

function embeddingRoute<Body>(
  model: string,
  schema: z.ZodType<Body>,
  answer: (body: Body) => object,
): SimulatedRoute {
  return {
    method: 'POST',
    path: modelPath(model, 'invoke'),
    check: ({ body }) => schemaProblem(schema, body),
    answer: ({ body }) => ({ json: answer(schema.parse(body)) }),
  }
}

function modelPath(model: string, action: string): string {
  return `/model/${model}/${action}`
}

function converseProblem(body: unknown): string | undefined {
  return schemaProblem(converseBody, body) ?? conversationProblem(converseBody.parse(body))
}

function authenticate(request: SimulatedRequest): Violation | undefined {
  const { headers, path } = request
  const second = ['x-api-key', 'api-key'].find((name) => headers[name] !== undefined)
  if (second !== undefined) return { status: 403, message: `a second credential in ${second}` }
  if (headers['authorization'] === `Bearer ${token}`) return undefined
  // The id of a model is one segment of the path, encoded.
  const wirePath = path.replace(/^\/model\/(.+)\/([\w-]+)$/, (_, id: string, action: string) =>
    modelPath(encodeURIComponent(id), action),
  )
  const message = signatureProblem(request, wirePath)
  return message === undefined ? undefined : { status: 403, message }
}

function refusal({ message }: Violation): unknown {
  return { message }
}

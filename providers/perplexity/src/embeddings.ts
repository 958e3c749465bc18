import {
  badResponse,
  type Call,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  isObject,
  kindOf,
  type Operation,
  refuse,
  toBase64,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { joinedUsage } from './joined-usage.ts'

/** The inputs of one exchange. */
const mostInputs = 512
const known: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format'])

/** Embeddings: the vendor has 8-bit vectors in base64; they are given as numbers, whose direction is the same. */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsResponse, never> = {
  request: embeddingsRequest,
  response: embeddingsOf,
  split({ body }) {
    const { input } = body
    if (!Array.isArray(input) || input.length <= mostInputs || typeof input[0] !== 'string') return undefined
    const count = Math.ceil(input.length / mostInputs)
    return Array.from({ length: count }, (_, part) => ({
      ...body,
      input: (input as string[]).slice(part * mostInputs, (part + 1) * mostInputs),
    }))
  },
  join(answers, call) {
    const vectors = answers.flatMap(({ data }) => data)
    const usage = joinedUsage(answers.map((answer) => answer.usage))
    return {
      object: 'list',
      data: vectors.map((vector, index) => ({ ...vector, index })),
      model: answers[0]?.model ?? call.model,
      ...(usage && { usage }),
    }
  },
}

function embeddingsRequest(call: Call<EmbeddingsRequest>): UpstreamRequest {
  const { input, dimensions, encoding_format: format } = call.body
  for (const [name, value] of Object.entries(call.body))
    if (!known.has(name) && value !== undefined && value !== null && value !== '') call.dropped(name)
  if (format !== undefined && format !== null && format !== 'float' && format !== 'base64')
    throw refuse('encoding_format', 'must be "float" or "base64"')
  return {
    path: '/v1/embeddings',
    body: {
      model: call.model,
      input: textsOf(input),
      ...sizeOf(dimensions, call.model),
      encoding_format: 'base64_int8',
    },
  }
}

function textsOf(input: unknown): string | readonly string[] {
  if (typeof input === 'string') return input
  if (!Array.isArray(input)) throw refuse('input', `must be text, found ${kindOf(input)}`)
  if (!input.every((text) => typeof text === 'string'))
    throw refuse('input', 'token arrays are not supported by this provider: send text')
  return input
}

/** Vectors of another length than asked for would not fit beside those that the client has. */
function sizeOf(dimensions: unknown, model: string): { dimensions?: number } {
  if (dimensions === undefined || dimensions === null) return {}
  const most = model.includes('0.6b') ? 1024 : 2560
  if (typeof dimensions !== 'number' || dimensions < 128 || dimensions > most)
    throw refuse('dimensions', `must be from 128 to ${most} for ${model}`)
  return { dimensions }
}

function embeddingsOf(body: unknown, call: Call<EmbeddingsRequest>): EmbeddingsResponse {
  const answer = isObject(body) ? body : {}
  const { data, model } = answer
  if (!Array.isArray(data)) throw badResponse('there is no array named "data"')
  return {
    ...answer,
    object: 'list',
    data: data.map((item: unknown, position) => {
      const vector = isObject(item) ? item : {}
      const index = Number.isInteger(vector['index']) ? Number(vector['index']) : position
      const numbers = numbersOf(vector['embedding'])
      const asked = call.body.encoding_format === 'base64'
      return { ...vector, object: 'embedding', index, embedding: asked ? toBase64(numbers) : numbers }
    }),
    model: typeof model === 'string' && model !== '' ? model : call.model,
  }
}

function numbersOf(embedding: unknown): number[] {
  if (Array.isArray(embedding)) return embedding as number[]
  if (typeof embedding !== 'string' || embedding === '') throw badResponse('an embedding is no vector')
  return Array.from(new Int8Array(Buffer.from(embedding, 'base64')))
}

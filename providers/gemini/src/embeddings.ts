import {
  badResponse,
  type Call,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  isObject,
  type JsonObject,
  kindOf,
  type Operation,
  refuse,
  toBase64,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { throwInBand } from './fault.ts'
import { modelId, modelPath } from './model-family.ts'

/** Inputs that fit into one call. */
const mostInputs = 100
const known: ReadonlySet<string> = new Set(['model', 'input', 'encoding_format', 'dimensions', 'taskType'])

/** One text goes to `:embedContent`, a list to `:batchEmbedContents`, a long list to several of them. */
export const embeddings: Operation<EmbeddingsRequest, EmbeddingsResponse, never> = {
  request: embeddingsRequest,
  response: embeddingsOf,
  split({ body }) {
    const { input } = body
    if (!Array.isArray(input) || input.length <= mostInputs) return undefined
    const count = Math.ceil(input.length / mostInputs)
    return Array.from({ length: count }, (_, part) => ({
      ...body,
      input: (input as string[]).slice(part * mostInputs, (part + 1) * mostInputs),
    }))
  },
  join(answers, call) {
    const data = answers.flatMap((answer) => answer.data).map((item, index) => ({ ...item, index }))
    return listOf(data, call)
  },
}

function embeddingsRequest(call: Call<EmbeddingsRequest>): UpstreamRequest {
  const { body } = call
  for (const [name, value] of Object.entries(body)) {
    if (!known.has(name) && value !== null && value !== undefined && value !== '') call.dropped(name)
  }
  const settings = {
    ...((body['taskType'] ?? null) !== null && { taskType: body['taskType'] }),
    ...((body.dimensions ?? null) !== null && { outputDimensionality: body.dimensions }),
  }
  const input: unknown = body.input
  if (typeof input === 'string')
    return { path: modelPath(call.model, 'embedContent'), body: { content: contentOf(input), ...settings } }
  if (!Array.isArray(input)) throw refuse('input', `must be a string or an array, found ${kindOf(input)}`)
  const model = `models/${modelId(call.model)}`
  const requests = input.map((text: unknown, index) => {
    if (typeof text === 'string') return { model, content: contentOf(text), ...settings }
    throw refuse(`input[${index}]`, `must be a text: this provider takes no tokens, found ${kindOf(text)}`)
  })
  return { path: modelPath(call.model, 'batchEmbedContents'), body: { requests } }
}

function contentOf(text: string): JsonObject {
  return { parts: [{ text }] }
}

function embeddingsOf(body: unknown, call: Call<EmbeddingsRequest>): EmbeddingsResponse {
  throwInBand(body)
  const given = isObject(body) ? (body['embeddings'] ?? [body['embedding']]) : undefined
  if (!Array.isArray(given)) throw badResponse('it has no embeddings')
  const expected = Array.isArray(call.body.input) ? call.body.input.length : 1
  if (given.length !== expected) throw badResponse(`it has ${given.length} embeddings for ${expected} inputs`)
  const asText = call.body.encoding_format === 'base64'
  const data = given.map((each: unknown, index) => {
    const vector = vectorOf(each)
    return { object: 'embedding' as const, index, embedding: asText ? toBase64(vector) : vector }
  })
  return listOf(data, call)
}

function vectorOf(embedding: unknown): number[] {
  const values = isObject(embedding) ? embedding['values'] : undefined
  if (Array.isArray(values) && values.every((value: unknown) => typeof value === 'number')) return values
  throw badResponse('an embedding has no values')
}

/** The vendor counts no tokens here. */
function listOf(data: EmbeddingsResponse['data'], call: Call<EmbeddingsRequest>): EmbeddingsResponse {
  return { object: 'list', data, model: call.model, usage: { prompt_tokens: 0, total_tokens: 0 } }
}

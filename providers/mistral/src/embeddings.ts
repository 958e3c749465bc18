import {
  badResponse,
  type Call,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  isObject,
  type JsonObject,
  kindOf,
  refuse,
  toBase64,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { inBandFault } from './fault.ts'

/** Members that go out as they are, the vendor's own included. */
const forwarded: ReadonlySet<string> = new Set(['output_dimension', 'output_dtype'])
/** Members that are written anew, or asked of the gateway. */
const written: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format'])

/** `POST /embeddings`. Throws a refusal for token arrays, which the vendor does not take. */
export function embeddingsRequest(call: Call<EmbeddingsRequest>): UpstreamRequest {
  const { body } = call
  const own: JsonObject = {}
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || written.has(name)) continue
    if (forwarded.has(name)) own[name] = value
    else if (name !== 'user' || value !== '') call.dropped(name)
  }
  const { dimensions } = body
  return {
    path: '/embeddings',
    body: {
      model: call.model,
      input: texts(body.input),
      ...(typeof dimensions === 'number' && { output_dimension: dimensions }),
      ...own,
    },
  }
}

/** The vendor's answer, with vectors as base64 when the client asked for them: only newer versions would do that themselves. */
export function embeddingsOf(body: unknown, call: Call<EmbeddingsRequest>): EmbeddingsResponse {
  if (isObject(body) && body['object'] === 'error') throw inBandFault(body)
  if (!isObject(body) || !Array.isArray(body['data'])) throw badResponse('it has no data')
  const base64 = call.body.encoding_format === 'base64'
  const data = body['data'].map((entry: unknown, index) => {
    const vector: unknown = isObject(entry) ? entry['embedding'] : undefined
    if (!isVector(vector)) throw badResponse(`data[${index}].embedding is not a list of numbers`)
    const { index: given, ...rest } = entry as JsonObject
    return {
      ...rest,
      index: Number.isInteger(given) ? Number(given) : index,
      object: 'embedding' as const,
      embedding: base64 ? toBase64(vector) : vector,
    }
  })
  const model = typeof body['model'] === 'string' ? body['model'] : call.model
  return { ...body, object: 'list', data, model }
}

function texts(input: unknown): string | readonly string[] {
  if (typeof input === 'string') return input
  if (!Array.isArray(input))
    throw refuse('input', `must be a string or an array of strings, found ${kindOf(input)}`)
  input.forEach((text: unknown, index) => {
    if (typeof text === 'string') return
    throw refuse(`input[${index}]`, 'must be a string: token arrays are not supported by this provider')
  })
  return input as readonly string[]
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number) => typeof number === 'number')
}

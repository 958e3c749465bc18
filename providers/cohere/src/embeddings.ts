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
} from '@llmproxy/provider-kit'
import type { Options } from './options.ts'

/** The vendor takes no more texts than this at once. */
const mostTexts = 96

/** Members that are written anew. */
const written: ReadonlySet<string> = new Set([
  'model',
  'input',
  'dimensions',
  'encoding_format',
  'input_type',
  'truncate',
])

/** `POST /v2/embed`; inputs above 96 texts are sent in several calls. Throws a refusal for token arrays. */
export function embeddings(
  options: Pick<Options, 'input_type'>,
  headers: Readonly<Record<string, string>>,
): Operation<EmbeddingsRequest, EmbeddingsResponse, never> {
  return {
    request: (call) => ({ path: '/v2/embed', headers, body: embedBody(call, options) }),
    response: embeddingsOf,
    split: partsOf,
    join: joined,
  }
}

function embedBody(call: Call<EmbeddingsRequest>, options: Pick<Options, 'input_type'>): object {
  const { body } = call
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined || written.has(name)) continue
    if (name !== 'user' || value !== '') call.dropped(name)
  }
  const { dimensions } = body
  const inputType = textAt(body, 'input_type')
  const truncate = textAt(body, 'truncate')
  return {
    model: call.model,
    texts: textsOf(body.input),
    input_type: inputType ?? options.input_type,
    embedding_types: [body.encoding_format === 'base64' ? 'base64' : 'float'],
    ...(typeof dimensions === 'number' && { output_dimension: dimensions }),
    ...(truncate !== undefined && { truncate }),
  }
}

/** One of the vendor's own members; `null` is none. */
function textAt(body: Readonly<EmbeddingsRequest>, name: string): string | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'string') throw refuse(name, `must be a string, found ${kindOf(value)}`)
  return value
}

function textsOf(input: unknown): readonly string[] {
  const texts: readonly unknown[] | undefined = typeof input === 'string' ? [input] : asList(input)
  if (texts === undefined || texts.length === 0)
    throw refuse('input', `must be a string or an array of strings, found ${kindOf(input)}`)
  texts.forEach((text, index) => {
    if (typeof text === 'string') return
    throw refuse(`input[${index}]`, 'must be a string: token arrays are not supported by this provider')
  })
  return texts as readonly string[]
}

function partsOf({ body }: Call<EmbeddingsRequest>): readonly EmbeddingsRequest[] | undefined {
  const texts = textsOf(body.input)
  if (texts.length <= mostTexts) return undefined
  return Array.from({ length: Math.ceil(texts.length / mostTexts) }, (_, part) => ({
    ...body,
    input: texts.slice(part * mostTexts, (part + 1) * mostTexts),
  }))
}

function joined(
  answers: readonly EmbeddingsResponse[],
  { body: { input } }: Call<EmbeddingsRequest>,
): EmbeddingsResponse {
  const data = answers.flatMap((answer) => answer.data).map((entry, index) => ({ ...entry, index }))
  // One too many in a part would move all that are behind it.
  if (Array.isArray(input) && data.length !== input.length)
    throw badResponse(`its parts have ${data.length} embeddings for ${input.length} texts`)
  const counts = answers.map(({ usage }) => usage?.prompt_tokens)
  const known = counts.filter((count) => count !== undefined)
  const total = known.reduce((sum, count) => sum + count, 0)
  return {
    object: 'list',
    data,
    model: answers[0]?.model ?? '',
    // A sum of which a part is unknown is unknown.
    ...(known.length === counts.length && { usage: { prompt_tokens: total, total_tokens: total } }),
  }
}

function embeddingsOf(body: unknown, call: Call<EmbeddingsRequest>): EmbeddingsResponse {
  const base64 = call.body.encoding_format === 'base64'
  const vectors = vectorsOf(body, base64)
  const expected = textsOf(call.body.input).length
  if (vectors.length < expected)
    throw badResponse(`it has ${vectors.length} embeddings for ${expected} texts`)
  const tokens = billedTokens(body as JsonObject)
  return {
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    model: call.model,
    ...(tokens !== undefined && { usage: { prompt_tokens: tokens, total_tokens: tokens } }),
  }
}

/** By type, or the list alone as older versions answer. */
function vectorsOf(body: unknown, base64: boolean): (number[] | string)[] {
  const given: unknown = isObject(body) ? body['embeddings'] : undefined
  const ready: unknown = isObject(given) && base64 ? given['base64'] : undefined
  if (Array.isArray(ready) && ready.every((vector) => typeof vector === 'string')) return ready
  const list: readonly unknown[] | undefined = asList(isObject(given) ? given['float'] : given)
  if (list === undefined) throw badResponse('it has no embeddings')
  return list.map((vector, index) => {
    if (!Array.isArray(vector) || !vector.every((number) => typeof number === 'number'))
      throw badResponse(`embedding ${index} is not a list of numbers`)
    return base64 ? toBase64(vector) : vector
  })
}

function billedTokens({ meta }: JsonObject): number | undefined {
  const billed = isObject(meta) ? meta['billed_units'] : undefined
  const tokens = isObject(billed) ? billed['input_tokens'] : undefined
  return typeof tokens === 'number' ? tokens : undefined
}

function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined
}

import {
  badResponse,
  type Call,
  type EmbeddingsRequest,
  type EmbeddingsResponse,
  isObject,
  kindOf,
  notOffered,
  type Operation,
  refuse,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { Options } from './options.ts'
import { modelPath } from './request.ts'

type EmbeddingsCall = Call<EmbeddingsRequest>

/** Members that are read here; any other is reported. */
const known: ReadonlySet<string> = new Set(['model', 'input', 'dimensions', 'encoding_format', 'input_type'])

/** How many texts the models of a family take at once. */
const atOnce = { titan: 1, cohere: 96 } as const
type Family = keyof typeof atOnce

/** Embeddings over `/invoke`, whose bodies are the models' own: Titan's and Cohere's. More texts than a model takes are split. */
export function embeddings({
  input_type: inputType,
}: Pick<Options, 'input_type'>): Operation<EmbeddingsRequest, EmbeddingsResponse, never> {
  return {
    request: (call) => invokeRequest(call, inputType),
    response: vectorsOf,
    split: partsOf,
    join: (answers, call) => joined(answers, call),
  }
}

function invokeRequest(call: EmbeddingsCall, inputType: string): UpstreamRequest {
  const family = familyOf(call.model)
  const texts = textsOf(call.body.input)
  for (const [name, value] of Object.entries(call.body))
    if (!known.has(name) && value !== null && value !== undefined && value !== '') call.dropped(name)
  // A request that is split comes here whole as well, for its losses; what is sent are its parts.
  const body = family === 'titan' ? titanBody(call, texts) : cohereBody(call, texts, inputType)
  return { path: modelPath(call.model, 'invoke'), body }
}

function titanBody(call: EmbeddingsCall, texts: readonly string[]): object {
  if (call.body['input_type'] !== undefined && call.body['input_type'] !== null) call.dropped('input_type')
  return { inputText: texts[0] ?? '', ...dimensionsOf(call, /titan-embed-text-v[2-9]/, 'dimensions') }
}

function cohereBody(call: EmbeddingsCall, texts: readonly string[], inputType: string): object {
  const wanted = call.body['input_type'] ?? inputType
  if (typeof wanted !== 'string') throw refuse('input_type', `must be a string, found ${kindOf(wanted)}`)
  return {
    texts,
    input_type: wanted,
    embedding_types: ['float'],
    ...dimensionsOf(call, /embed-v[4-9]/, 'output_dimension'),
  }
}

/** Older models have one length, and refuse to be asked for it. */
function dimensionsOf(call: EmbeddingsCall, models: RegExp, name: string): object {
  const { dimensions } = call.body
  if (dimensions === undefined || dimensions === null) return {}
  if (models.test(call.model)) return { [name]: dimensions }
  call.dropped('dimensions')
  return {}
}

function familyOf(model: string): Family {
  const id = model.toLowerCase()
  if (/titan-embed/.test(id)) return 'titan'
  if (/cohere\.embed/.test(id)) return 'cohere'
  throw notOffered('model', `${JSON.stringify(model)} is not an embedding model that this provider knows`)
}

function textsOf(input: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(input) ? input : [input]
  if (list.length === 0) throw refuse('input', 'must not be empty')
  return list.map((text, index) => {
    if (typeof text === 'string') return text
    const path = Array.isArray(input) ? `input[${index}]` : 'input'
    throw refuse(path, `must be a text, found ${kindOf(text)}: this provider takes no token lists`)
  })
}

function partsOf(call: EmbeddingsCall): readonly EmbeddingsRequest[] | undefined {
  const size = atOnce[familyOf(call.model)]
  const texts = textsOf(call.body.input)
  if (texts.length <= size) return undefined
  return Array.from({ length: Math.ceil(texts.length / size) }, (_, part) => ({
    ...call.body,
    input: texts.slice(part * size, (part + 1) * size),
  }))
}

function vectorsOf(body: unknown, call: EmbeddingsCall): EmbeddingsResponse {
  if (!isObject(body)) throw badResponse('it is not an object')
  const vectors = listOf(body)
  // One too few, and the vectors of all the parts behind it would belong to other texts.
  const expected = textsOf(call.body.input).length
  if (vectors.length !== expected)
    throw badResponse(`it has ${vectors.length} embeddings for ${expected} inputs`)
  const data = vectors.map((embedding, index) => {
    if (!isVector(embedding)) throw badResponse('an embedding is not a list of numbers')
    return { object: 'embedding' as const, index, embedding }
  })
  const { inputTextTokenCount: tokens } = body
  const usage = typeof tokens === 'number' ? { usage: { prompt_tokens: tokens, total_tokens: tokens } } : {}
  return { object: 'list', data, model: call.model, ...usage }
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((number: unknown) => typeof number === 'number')
}

/** One vector, a list of them, or lists by type. */
function listOf({ embedding, embeddings: several }: Readonly<Record<string, unknown>>): readonly unknown[] {
  if (Array.isArray(embedding)) return [embedding]
  const list = isObject(several) ? several['float'] : several
  if (Array.isArray(list)) return list
  throw badResponse('it has no embeddings')
}

function joined(answers: readonly EmbeddingsResponse[], call: EmbeddingsCall): EmbeddingsResponse {
  const data = answers.flatMap((answer) => answer.data).map((item, index) => ({ ...item, index }))
  const tokens = answers.map(({ usage }) => usage?.prompt_tokens)
  // The sum of what is known would look like all of it.
  const sum = tokens.reduce<number | undefined>(
    (total, one) => (total === undefined || one === undefined ? undefined : total + one),
    0,
  )
  const usage = sum === undefined ? {} : { usage: { prompt_tokens: sum, total_tokens: sum } }
  return { object: 'list', data, model: call.model, ...usage }
}

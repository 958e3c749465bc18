import { fromBase64, isObject, toBase64 } from '@llmproxy/provider-kit'
import type { AttemptFault } from './transfer.ts'
import type { WholeAnswer } from './whole-answer.ts'

interface EmbeddingsBody {
  readonly data: readonly unknown[]
}

interface EmbeddingItem {
  readonly embedding: unknown
}

/**
 * Gives embeddings in the encoding that was asked for. The official clients ask for base64 on their own and turn a list of
 * numbers into an empty vector without a word, so an upstream that ignores `encoding_format` must not pass.
 */
export function matchEncoding(
  bytes: Buffer | undefined,
  body: unknown,
  request: unknown,
): WholeAnswer | AttemptFault {
  const { input, encoding_format: asked } = request as { input?: unknown; encoding_format?: unknown }
  const { data } = body as EmbeddingsBody
  const expected = inputCount(input)
  if (expected !== undefined && data.length < expected) {
    return {
      kind: 'bad_response',
      message: `the upstream answered ${data.length} embeddings for ${expected} inputs`,
    }
  }
  if (!data.every(hasEmbedding)) {
    return { kind: 'bad_response', message: 'the upstream answered with an embedding that is none' }
  }
  const wanted = asked === 'base64' ? 'base64' : 'float'
  const convert = wanted === 'base64' ? encodeVector : decodeVector
  let changed = false
  const converted = data.map((item) => {
    const embedding = convert(item.embedding)
    if (embedding === item.embedding) return item
    changed = true
    return { ...item, embedding }
  })
  if (changed) return { value: { ...(body as object), data: converted } }
  return bytes === undefined ? { value: body } : { bytes, value: body }
}

function hasEmbedding(item: unknown): item is EmbeddingItem {
  return isObject(item) && item['embedding'] !== undefined && item['embedding'] !== null
}

function encodeVector(embedding: unknown): unknown {
  return Array.isArray(embedding) ? toBase64(embedding as number[]) : embedding
}

function decodeVector(embedding: unknown): unknown {
  return typeof embedding === 'string' ? fromBase64(embedding) : embedding
}

/** How many vectors an `input` asks for: one for a text or a token list, else one per element. */
function inputCount(input: unknown): number | undefined {
  if (typeof input === 'string') return 1
  if (!Array.isArray(input)) return undefined
  return typeof input[0] === 'number' ? 1 : input.length
}

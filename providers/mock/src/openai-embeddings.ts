import type { Behaviour } from './model-name.ts'
import { promptTexts } from './openai-completions.ts'
import type { JsonObject } from './schema-instance.ts'
import type { Script } from './script.ts'
import { tokens } from './turn.ts'
import { wholeScript } from './whole-answer.ts'

const defaultDimensions = 8

/** Answers a checked embeddings body. Equal inputs get equal vectors of length 1, in the encoding that was asked for. */
export function answerEmbeddings(body: JsonObject, behaviour: Behaviour): Script {
  const inputs = promptTexts(body.input)
  const dimensions = behaviour.embed?.[0] ?? Number(body.dimensions ?? defaultDimensions)
  const packed = body.encoding_format === 'base64' && !behaviour['embed-floats']
  const spent = behaviour.usage?.[0] ?? inputs.reduce((sum, input) => sum + tokens(input.length), 0)
  const answer = {
    object: 'list',
    data: inputs.map((input, index) => {
      const vector = embed(input, dimensions)
      const embedding = packed ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector)
      return { object: 'embedding', index, embedding }
    }),
    model: body.model,
    ...(!behaviour['no-usage'] && { usage: { prompt_tokens: spent, total_tokens: spent } }),
  }
  return wholeScript(answer, behaviour, 'openai')
}

/** A unit vector of float32 that depends on the text only. Every platform that Node runs on is little-endian, as the wire is. */
export function embed(text: string, dimensions: number): Float32Array<ArrayBuffer> {
  let state = 0x811c9dc5
  for (const byte of Buffer.from(text)) state = Math.imul(state ^ byte, 0x01000193)
  const vector = Array.from({ length: dimensions }, () => {
    state = (state + 0x9e3779b9) | 0
    // Twice, or neighbouring texts would begin with nearly the same number.
    return (mixed(mixed(state)) >>> 8) / 0x800000 - 1
  })
  const length = Math.hypot(...vector) || 1
  return Float32Array.from(vector, (value) => value / length)
}

function mixed(bits: number): number {
  const product = Math.imul(bits ^ (bits >>> 15), 0x2c1b3c6d)
  return product ^ (product >>> 12)
}

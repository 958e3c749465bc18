import { badResponse, type Call, isObject, type JsonObject, type ToolCall } from '@llmproxy/provider-kit'
import { signatureMember } from './signature.ts'

/** What one answer, or one event of a stream, says about one candidate. */
export interface Spoken {
  readonly text: string
  readonly reasoning: string
  readonly calls: readonly ToolCall[]
  readonly images: readonly JsonObject[]
  /** The signature of a part that is no call; absent when there is none. */
  readonly signature: JsonObject
}

/** The candidates of an answer, each with its index. Zero may be absent. */
export function candidatesOf(body: JsonObject): { index: number; candidate: JsonObject }[] {
  const list = Array.isArray(body['candidates']) ? body['candidates'].filter(isObject) : []
  const numbered = list.some((candidate) => typeof candidate['index'] === 'number')
  return list.map((candidate, position) => {
    const { index } = candidate
    const own = typeof index === 'number' ? index : numbered ? 0 : position
    return { index: own, candidate }
  })
}

/** Reads the parts of a candidate. `firstCall` is how many calls it has made before; ids are made where the vendor gives none. */
export function spokenOf(
  candidate: JsonObject,
  call: Call,
  place: { index: number; firstCall: number },
): Spoken {
  const parts = partsOf(candidate)
  const calls = parts.filter((part) => isObject(part['functionCall']))
  const others = parts.filter((part) => !isObject(part['functionCall']))
  const last = others.findLast((part) => typeof part['thoughtSignature'] === 'string')
  return {
    text: textsOf(others.filter((part) => part['thought'] !== true)),
    reasoning: textsOf(others.filter((part) => part['thought'] === true)),
    calls: calls.map((part, position) =>
      toolCall(part, `call_${call.id}_${place.index}_${place.firstCall + position}`),
    ),
    images: others.filter((part) => part['thought'] !== true).flatMap(imageOf),
    signature: signatureMember(last?.['thoughtSignature']),
  }
}

/** Members of a candidate that go to the client under the vendor's names. */
export function extrasOf(candidate: JsonObject): JsonObject {
  const names = ['finishReason', 'finishMessage', 'safetyRatings', 'citationMetadata', 'groundingMetadata']
  return Object.fromEntries(
    [...names, 'urlContextMetadata']
      .filter((name) => (candidate[name] ?? null) !== null)
      .map((name) => [name, candidate[name]]),
  )
}

/** Why the prompt was not answered at all; `undefined` when it was. */
export function blockedPrompt(body: JsonObject): { feedback: JsonObject; refusal: string } | undefined {
  const feedback = body['promptFeedback']
  if (!isObject(feedback) || typeof feedback['blockReason'] !== 'string') return undefined
  const { blockReason: reason, blockReasonMessage: message } = feedback
  return {
    feedback,
    refusal: typeof message === 'string' && message !== '' ? message : `The prompt was blocked: ${reason}`,
  }
}

function partsOf(candidate: JsonObject): JsonObject[] {
  const { content } = candidate
  const parts = isObject(content) ? content['parts'] : undefined
  return Array.isArray(parts) ? parts.filter(isObject) : []
}

function textsOf(parts: readonly JsonObject[]): string {
  return parts.map(({ text }) => (typeof text === 'string' ? text : '')).join('')
}

function toolCall(part: JsonObject, madeId: string): ToolCall {
  const called = part['functionCall'] as JsonObject
  const { id, name, args } = called
  if (typeof name !== 'string' || name === '') throw badResponse('a function call has no name')
  return {
    id: typeof id === 'string' && id !== '' ? id : madeId,
    type: 'function',
    function: { name, arguments: JSON.stringify(args ?? {}) },
    ...signatureMember(part['thoughtSignature']),
  }
}

function imageOf(part: JsonObject): JsonObject[] {
  const inline = part['inlineData']
  if (!isObject(inline) || typeof inline['data'] !== 'string') return []
  const mimeType = typeof inline['mimeType'] === 'string' ? inline['mimeType'] : 'image/png'
  return [{ type: 'image_url', image_url: { url: `data:${mimeType};base64,${inline['data']}` } }]
}

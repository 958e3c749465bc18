import { isUtf8 } from 'node:buffer'
import {
  type Call,
  type FailedResponse,
  type HeaderMap,
  type JsonObject,
  type Operation,
  type OperationName,
  type UpstreamRequest,
  parseJson,
} from '@llmproxy/provider-kit'
import { findBulk } from './json-bulk.ts'
import { isErrorBody, thrownFault } from './classify.ts'
import { matchEncoding } from './embedding-format.ts'
import { mendWhole } from './mend-whole.ts'
import { patchJson } from './splice.ts'
import type { AttemptFault } from './transfer.ts'

export interface WholeInput {
  readonly operation: OperationName
  readonly codec: Operation
  readonly call: Call
  readonly status: number
  readonly headers: HeaderMap
  readonly bytes: Buffer
  /** The follow-up that it answers. */
  readonly asked?: UpstreamRequest | undefined
  readonly classify: (response: FailedResponse) => AttemptFault
}

/** A 2xx JSON answer in the client's dialect. */
export interface WholeAnswer {
  readonly value: unknown
  /** The upstream's own bytes, where they are the answer. Absent: `value` must be written, if it is wanted as JSON at all. */
  readonly bytes?: Buffer
}

/** Reads a whole 2xx body: relayed as its own bytes, or translated. */
export function readWhole(input: WholeInput): WholeAnswer | AttemptFault {
  const { operation, codec, call } = input
  if (findBulk(input.bytes, Infinity) !== undefined) return nestedTooDeep
  const text = input.bytes.toString('utf8')
  // Bytes that are no UTF-8 are no JSON: clients read them in different ways, or not at all.
  const bytes = isUtf8(input.bytes) ? input.bytes : Buffer.from(text)
  const body = parseJson(text)
  if (body === undefined) return notJson(input.status)
  if (isErrorBody(body)) {
    return input.classify({
      status: input.status,
      headers: input.headers,
      body,
      text: text.slice(0, 65_536),
      inBand: true,
    })
  }
  if (codec.response === undefined) {
    const missing = missingMember(operation, body)
    if (missing !== undefined) {
      return { kind: 'bad_response', message: `the upstream’s answer has no ${missing}` }
    }
    if (operation === 'embeddings') return matchEncoding(bytes, body, call.body)
    return operation === 'chat' ? relayed(bytes, body as JsonObject, call) : { bytes, value: body }
  }
  try {
    return translated(operation, codec.response(body, call, input.asked), call)
  } catch (error) {
    return thrownFault(error)
  }
}

/** What a provider made of one answer or of several. Throws for a value that is none. */
export function translated(operation: OperationName, value: unknown, call: Call): WholeAnswer | AttemptFault {
  const missing = missingMember(operation, value)
  if (missing !== undefined) throw new TypeError(`the provider gave back an answer without ${missing}`)
  return operation === 'embeddings' ? matchEncoding(undefined, value, call.body) : { value }
}

/** The JSON of an answer. A fault: a provider gave back what cannot be written. */
export function bytesOf({ bytes, value }: WholeAnswer): Buffer | AttemptFault {
  try {
    return bytes ?? Buffer.from(JSON.stringify(value))
  } catch (error) {
    return thrownFault(error)
  }
}

/** Bytes that are sound stay as they are. */
function relayed(bytes: Buffer, body: JsonObject, call: Call): WholeAnswer | AttemptFault {
  try {
    const mending = mendWhole(body, call)
    if (mending === undefined) return { bytes, value: body }
    return mending.kind === 'head'
      ? { bytes: patchJson(bytes, mending.members), value: { ...body, ...mending.members } }
      : { value: mending.answer }
  } catch (error) {
    return { ...thrownFault(error), inBand: true }
  }
}

export function isFault(value: object): value is AttemptFault {
  return 'kind' in value
}

/** Only its depth is limited: long answers have many members by right. */
export const nestedTooDeep: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream’s answer is nested too deep',
}

function notJson(status: number): AttemptFault {
  return { kind: 'bad_response', status, message: 'the upstream’s answer is not JSON' }
}

const listMember = {
  chat: 'choices',
  completions: 'choices',
  embeddings: 'data',
  images: 'data',
  videos: undefined,
  messages: 'content',
} as const

/** What an answer lacks: a success without its result would look like an empty answer to the client. */
function missingMember(operation: OperationName, body: unknown): string | undefined {
  const member = listMember[operation]
  const found = typeof body === 'object' && body !== null && !Array.isArray(body)
  if (found && (member === undefined || Array.isArray((body as Record<string, unknown>)[member])))
    return undefined
  return member ?? 'members'
}

import { type Call, type PreparedRequest, ProviderFault } from '@llmproxy/provider-kit'
import type { Part } from './fan-out.ts'
import { prepare, type PrepareInput } from './prepare.ts'

/** More exchanges than this for one client request are somebody's mistake, or an attack on the vendor's limits. */
const mostParts = 256

/** Bytes that the parts may have beyond those of the request: what each of them repeats is sent as often as there are parts. */
const mostRepeated = 16 * 1024 * 1024

/** Members that splitting may copy: each part gets those of the whole request, and a client chooses how many of both there are. */
const mostCopied = 2_000_000

/**
 * The request of one attempt, or those of its parts when the provider splits it. A part is a request of its own, never streamed.
 * Throws what the provider throws, and a `ProviderFault` (400) for too many parts, or
 * for parts that are so many times larger than the request.
 */
export function splitRequest(input: PrepareInput): {
  readonly request: PreparedRequest
  readonly parts?: readonly Part[]
} {
  const { codec, call } = input
  if (codec.join !== undefined) checkCopies(call.body)
  const bodies = codec.join === undefined ? undefined : codec.split?.(call)
  if (bodies === undefined || bodies.length < 2) return { request: prepare(input) }
  if (bodies.length > mostParts) throw tooMany(bodies.length)
  const parts: Part[] = []
  let room = input.ingress.bytes.length + mostRepeated
  for (const [position, body] of bodies.entries()) {
    const members = ownMembers(body)
    const bytes = Buffer.from(JSON.stringify(members))
    const made = part(input, { members, bytes }, position)
    room -= Math.max(bytes.length, made.request.body?.length ?? 0)
    if (room < 0) throw tooLarge(bodies.length)
    parts.push(made)
  }
  return { request: parts[0]!.request, parts }
}

/** Before the parts are made: half a million of them would be memory for nothing, and of large ones all that there is. */
function checkCopies(body: Readonly<Record<string, unknown>>): void {
  const items = Math.max(itemsOf(body['prompt']), itemsOf(body['input']))
  if (items > mostParts && items * Object.keys(body).length > mostCopied) throw tooLarge(items)
}

/** The texts that may become parts; token ids are one text together. */
function itemsOf(list: unknown): number {
  return Array.isArray(list) && typeof list[0] !== 'number' ? list.length : 0
}

interface PartBody {
  readonly members: object
  readonly bytes: Buffer
}

/** A part is never streamed. */
function ownMembers(body: unknown): object {
  const { stream: _stream, stream_options: _options, ...members } = body as Record<string, unknown>
  return members
}

function part(input: PrepareInput, { members, bytes }: PartBody, position: number): Part {
  const call: Call = {
    ...input.call,
    // Ids that translations make from the call's must differ between the parts.
    id: `${input.call.id}-${position}`,
    stream: false,
    body: members,
    dropped: (field) => input.call.dropped(field),
  }
  const ingress = { ...input.ingress, body: members as typeof input.ingress.body, bytes }
  return { call, request: prepare({ ...input, call, ingress, askUsage: false }) }
}

function tooMany(count: number): ProviderFault {
  return new ProviderFault({
    kind: 'invalid_request',
    message: `this request takes ${count} exchanges with the provider, more than ${mostParts}: send several requests`,
    code: 'too_many_parts',
  })
}

function tooLarge(count: number): ProviderFault {
  return new ProviderFault({
    kind: 'invalid_request',
    message: `this request takes up to ${count} exchanges with the provider, and is too large to repeat its members in each: send several requests`,
    code: 'too_many_parts',
  })
}

import { type Call, type PreparedRequest, ProviderFault } from '@llmproxy/provider-kit'
import type { Part } from './fan-out.ts'
import { prepare, type PrepareInput } from './prepare.ts'

/** More exchanges than this for one client request are somebody's mistake, or an attack on the vendor's limits. */
const mostParts = 256

/**
 * The request of one attempt, or those of its parts when the provider splits it. A part is a request of its own, never streamed.
 * Throws what the provider throws, and a `ProviderFault` (400) for too many parts.
 */
export function splitRequest(input: PrepareInput): {
  readonly request: PreparedRequest
  readonly parts?: readonly Part[]
} {
  const { codec, call } = input
  const bodies = codec.join === undefined ? undefined : codec.split?.(call)
  if (bodies === undefined || bodies.length < 2) return { request: prepare(input) }
  if (bodies.length > mostParts) throw tooMany(bodies.length)
  const parts = bodies.map((body, position) => part(input, body, position))
  return { request: parts[0]!.request, parts }
}

function part(input: PrepareInput, body: unknown, position: number): Part {
  const call: Call = {
    ...input.call,
    // Ids that translations make from the call's must differ between the parts.
    id: `${input.call.id}-${position}`,
    stream: false,
    body: body as object,
    dropped: (field) => input.call.dropped(field),
  }
  const { stream: _stream, stream_options: _options, ...members } = body as Record<string, unknown>
  const ingress = {
    ...input.ingress,
    body: members as typeof input.ingress.body,
    bytes: Buffer.from(JSON.stringify(members)),
  }
  return { call, request: prepare({ ...input, call, ingress, askUsage: false }) }
}

function tooMany(count: number): ProviderFault {
  return new ProviderFault({
    kind: 'invalid_request',
    message: `this request takes ${count} exchanges with the provider, more than ${mostParts}: send several requests`,
    code: 'too_many_parts',
  })
}

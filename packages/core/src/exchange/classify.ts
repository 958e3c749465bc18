import { type FailedResponse, openaiFault, type Provider, parseJson } from '@llmproxy/provider-kit'
import { carriedFault, pluginFault } from './plugin-fault.ts'
import { findBulk } from './json-bulk.ts'
import type { AttemptFault } from './transfer.ts'

/** The provider's verdict on a failure, else the OpenAI error shape's. Never throws: a failing classifier is a bad response. */
export function classify(provider: Provider, response: FailedResponse): AttemptFault {
  const fault = verdict(provider, response)
  return response.inBand ? { ...fault, inBand: true } : fault
}

function verdict(provider: Provider, response: FailedResponse): AttemptFault {
  try {
    const said = provider.fault?.(response)
    return said === undefined ? openaiFault(response) : pluginFault(said)
  } catch (error) {
    return (
      carriedFault(error) ?? {
        kind: 'bad_response',
        status: response.status,
        message: 'the upstream’s error could not be read',
        thrown: error,
      }
    )
  }
}

/** What a codec threw: its own fault, or a bug in it, which is the upstream's answer not being understood. */
export function thrownFault(error: unknown): AttemptFault {
  return (
    carriedFault(error) ?? {
      kind: 'bad_response',
      message: 'the upstream’s answer is not understood',
      thrown: error,
    }
  )
}

/** An error inside a 2xx JSON body: a top-level `error` that is not null. */
export function isErrorBody(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return false
  const { error } = body as { error?: unknown }
  return error !== undefined && error !== null && error !== false && error !== 0 && error !== ''
}

/**
 * The JSON value of an answer, or `undefined`; also for one that is nested too deep, or has more than `maxMembers` objects, arrays and
 * members: to parse it would hold everybody up.
 */
export function parseBytes(bytes: Buffer, maxMembers = Infinity): unknown {
  return findBulk(bytes, maxMembers) === undefined ? parseJson(bytes.toString('utf8')) : undefined
}

import { type FailedResponse, type Operation, parseJson } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { dated } from './answer-head.ts'
import type { Answer } from './ask.ts'
import type { AttemptFault } from './transfer.ts'

/** Bytes of the text of a failure that are read. */
export const failureTextLimit = 64 * 1024

export interface RefusedInput {
  readonly codec: Operation
  readonly clock: Clock
  readonly classify: (response: FailedResponse) => AttemptFault
}

/** What an answer that is no success means, with its head, and with its text where that is in the client's dialect. */
export function refusedFault(
  { status, headers, bytes }: Answer,
  { codec, clock, classify }: RefusedInput,
): AttemptFault {
  const text = bytes.toString('utf8', 0, failureTextLimit)
  const known = dated(headers, clock)
  const fault = classify({ status, headers: known, body: parseJson(text), text, inBand: false })
  const relayed = codec.response === undefined && codec.stream === undefined
  return { ...fault, status, headers: known, ...(relayed && { envelope: text }) }
}

import {
  type Call,
  type FailedResponse,
  FrameRules,
  type Operation,
  type OperationName,
} from '@llmproxy/provider-kit'
import { Batch } from './batch.ts'
import { closeFrames } from './close-frames.ts'
import { dataFrame } from './event-format.ts'
import type { Lane } from './lane.ts'
import { MessagesLane } from './messages-relay.ts'
import { framesOf } from './one-chunk.ts'
import { RelayLane } from './relay.ts'
import { TranslateLane } from './translate.ts'
import type { AttemptFault } from './transfer.ts'

/** Operations that can be streamed. */
export type StreamedOperation = 'chat' | 'completions' | 'messages'

export function isStreamed(operation: OperationName): operation is StreamedOperation {
  return operation === 'chat' || operation === 'completions' || operation === 'messages'
}

export interface LaneInput {
  readonly operation: StreamedOperation
  readonly codec: Operation
  readonly call: Call
  /** The client asked for usage. */
  readonly includeUsage: boolean
  readonly classify: (response: FailedResponse) => AttemptFault
}

/** The lane for an upstream that streams: relayed when the codec has nothing to say, else decoded by it. */
export function openLane({ operation, codec, call, includeUsage, classify }: LaneInput): Lane {
  if (operation === 'messages') return new MessagesLane(classify)
  const rules = frameRules(operation, call, includeUsage)
  if (codec.stream === undefined) return new RelayLane(rules, classify)
  return new TranslateLane(rules, codec.stream(call))
}

/** A whole answer to a client that asked for a stream: all frames at once, and the state they leave. */
export function streamOfWhole(
  { operation, call, includeUsage }: LaneInput,
  answer: unknown,
): { readonly bytes: Buffer; readonly state: FrameRules } | AttemptFault {
  if (operation === 'messages') return notAStream
  const output = new Batch()
  const state = frameRules(operation, call, includeUsage)
  for (const frame of framesOf(operation, answer)) {
    const verdict = state.inspect(frame)
    if (typeof verdict === 'object') return notUnderstood
    if (verdict !== 'drop') output.addText(dataFrame(JSON.stringify(frame)))
  }
  closeFrames(state, output)
  return { bytes: output.take()!, state }
}

function frameRules(operation: 'chat' | 'completions', call: Call, includeUsage: boolean): FrameRules {
  const prefix = operation === 'chat' ? 'chatcmpl-' : 'cmpl-'
  return new FrameRules({
    operation,
    includeUsage,
    id: prefix + call.id,
    created: call.created,
    model: call.model,
    choices: choicesOf(call.body),
  })
}

/** `n` for each prompt: some upstreams send one choice after the other, and the end of the first is not the end. */
function choicesOf({ n, prompt }: { n?: unknown; prompt?: unknown }): number {
  const prompts = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  return prompts * (typeof n === 'number' ? n : 1)
}

const notUnderstood: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream’s answer is not understood',
}
const notAStream: AttemptFault = {
  kind: 'bad_response',
  message: 'the upstream did not answer with a stream',
}

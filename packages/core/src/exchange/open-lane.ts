import {
  type Call,
  type FailedResponse,
  FrameRules,
  type Operation,
  type OperationName,
} from '@llmproxy/provider-kit'
import { Batch } from './batch.ts'
import { closeFrames } from './close-frames.ts'
import { type Begun, ContinuedRules } from './continued-rules.ts'
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

/** What a lane is opened for. */
export interface LaneInput {
  /** One that can be streamed. */
  readonly operation: OperationName
  readonly codec: Operation
  readonly call: Call
  /** The client asked for usage. */
  readonly includeUsage: boolean
  /** What the client has already, when this stream goes on with another. */
  readonly begun?: Begun | undefined
}

/** The lane for an upstream that streams: relayed when the codec has nothing to say, else decoded by it. */
export function openLane(input: LaneInput, classify: (response: FailedResponse) => AttemptFault): Lane {
  const { operation, codec, call } = input
  if (operation === 'messages') return new MessagesLane(classify)
  const rules = frameRules(input)
  if (codec.stream === undefined) return new RelayLane(rules, classify)
  return new TranslateLane(rules, codec.stream(call))
}

/** A whole answer to a client that asked for a stream: all frames at once, and the state they leave. */
export function streamOfWhole(
  input: LaneInput,
  answer: unknown,
): { readonly bytes: Buffer; readonly state: FrameRules } | AttemptFault {
  if (input.operation === 'messages') return notAStream
  const output = new Batch()
  const state = frameRules(input)
  for (const frame of framesOf(openaiOperation(input), answer)) {
    const verdict = state.inspect(frame)
    if (typeof verdict === 'object') return notUnderstood
    if (verdict !== 'drop') output.addText(dataFrame(JSON.stringify(frame)))
  }
  closeFrames(state, output)
  return { bytes: output.take()!, state }
}

function openaiOperation({ operation }: LaneInput): 'chat' | 'completions' {
  return operation === 'completions' ? operation : 'chat'
}

function frameRules(input: LaneInput): FrameRules {
  const { call, includeUsage, begun } = input
  const operation = openaiOperation(input)
  const prefix = operation === 'chat' ? 'chatcmpl-' : 'cmpl-'
  const options = {
    operation,
    includeUsage,
    id: prefix + call.id,
    created: call.created,
    model: call.model,
    choices: choicesOf(call.body),
  }
  return begun === undefined ? new FrameRules(options) : new ContinuedRules(options, begun)
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

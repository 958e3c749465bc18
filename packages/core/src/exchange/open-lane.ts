import type { Call, FailedResponse, Operation } from '@llmproxy/provider-kit'
import { Batch } from './batch.ts'
import { dataFrame, doneFrame } from './event-format.ts'
import { FrameRules } from './frame-rules.ts'
import type { Lane } from './lane.ts'
import { framesOf } from './one-chunk.ts'
import { RelayLane } from './relay.ts'
import { TranslateLane } from './translate.ts'
import type { AttemptFault } from './transfer.ts'

export type StreamedOperation = 'chat' | 'completions'

export function frameRules(operation: StreamedOperation, call: Call, includeUsage: boolean): FrameRules {
  const prefix = operation === 'chat' ? 'chatcmpl-' : 'cmpl-'
  return new FrameRules({
    operation,
    includeUsage,
    id: prefix + call.id,
    created: call.created,
    model: call.model,
  })
}

/** The lane for an upstream that streams: relayed when the codec has nothing to say, else decoded by it. */
export function openLane(
  codec: Operation,
  call: Call,
  rules: FrameRules,
  classify: (response: FailedResponse) => AttemptFault,
): Lane {
  if (codec.stream === undefined) return new RelayLane(rules, classify)
  return new TranslateLane(rules, codec.stream(call))
}

/** A whole answer to a client that asked for a stream: all frames at once. */
export function streamOfWhole(
  operation: StreamedOperation,
  answer: unknown,
  rules: FrameRules,
): Buffer | AttemptFault {
  const output = new Batch()
  for (const frame of framesOf(operation, answer)) {
    const verdict = rules.inspect(frame)
    if (typeof verdict === 'object')
      return { kind: 'bad_response', message: 'the upstream’s answer is not understood' }
    if (verdict !== 'drop') output.addText(dataFrame(JSON.stringify(frame)))
  }
  for (const frame of rules.closing()) output.addText(dataFrame(JSON.stringify(frame)))
  return Buffer.concat([output.take() ?? Buffer.alloc(0), doneFrame])
}

import type { Batch } from './batch.ts'
import { dataFrame, doneFrame } from './event-format.ts'
import type { FrameRules } from '@llmproxy/provider-kit'

/** Ends a complete stream of the OpenAI dialect: what the rules still owe the client, then `[DONE]`. */
export function closeFrames(rules: FrameRules, output: Batch): void {
  for (const frame of rules.closing()) output.addText(dataFrame(JSON.stringify(frame)))
  output.add(doneFrame, 0, doneFrame.length)
}

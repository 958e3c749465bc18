import { finishReason, type JsonObject, mendedAnswers, withFunctionCalls } from '@llmproxy/provider-kit'
import { openrouterFault } from './fault.ts'

/** Answers are read, because errors and missing ids hide in them. */
export const answers = withFunctionCalls(mendedAnswers({ message: keepFinishWord, fault: openrouterFault }))

/** A word that nobody knows becomes `stop`. The vendor keeps the one of the model's own vendor here; it must not get lost. */
function keepFinishWord(_message: JsonObject, choice: JsonObject): void {
  const word = choice['finish_reason']
  const verdict = finishReason(word)
  if (verdict.kind === 'finish' && !verdict.known) choice['native_finish_reason'] ??= word
}

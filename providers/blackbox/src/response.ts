import { mendedAnswers, withFunctionCalls } from '@llmproxy/provider-kit'
import { blackboxFault } from './fault.ts'
import { ownModel, withoutNone } from './none.ts'

/** Reading of whole answers and streams, shared with what else goes through chat. */
export const answers = withFunctionCalls(
  mendedAnswers({
    frame(frame, call) {
      withoutNone(frame, ['system_fingerprint', 'usage'])
      ownModel(frame, call)
    },
    message: (message) => withoutNone(message, ['tool_calls', 'function_call']),
    usage: (usage) => withoutNone(usage, ['completion_tokens_details', 'prompt_tokens_details']),
    fault: blackboxFault,
  }),
)

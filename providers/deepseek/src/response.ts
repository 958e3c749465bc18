import {
  isObject,
  type JsonObject,
  mendedAnswers,
  ProviderFault,
  withFunctionCalls,
} from '@llmproxy/provider-kit'
import { chatFault } from './fault.ts'
import { mendUsage } from './usage.ts'

/**
 * Answers are OpenAI's but for cached tokens, members that say nothing, and an answer that the vendor broke off. Usage stands in
 * the chunk with the finish there; it goes out as one last chunk.
 */
export const answers = withFunctionCalls(
  mendedAnswers({
    frame: ({ choices }) => {
      if (Array.isArray(choices)) choices.forEach(refuseBrokenOff)
    },
    message: mendMessage,
    usage: mendUsage,
    fault: chatFault,
  }),
)

/** The vendor ran out of machines: the same as its 503, but in the middle of an answer. */
function refuseBrokenOff(choice: unknown): void {
  if (!isObject(choice) || choice['finish_reason'] !== 'insufficient_system_resource') return
  throw new ProviderFault({
    kind: 'overloaded',
    message: 'the upstream broke off its answer: insufficient_system_resource',
    code: 'insufficient_system_resource',
  })
}

/** Reasoning and text take turns, and the other one is `null` or empty meanwhile. */
function mendMessage(message: JsonObject): void {
  const { reasoning_content: reasoning, content } = message
  if (reasoning === null || reasoning === '') delete message['reasoning_content']
  if (content === null && typeof reasoning === 'string') delete message['content']
}

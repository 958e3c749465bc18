import { isObject, mendedAnswers } from '@llmproxy/provider-kit'
import { chatFault } from './fault.ts'

/**
 * Answers are OpenAI's but for the reasoning, which the kit moves, and the usage: the last chunk of a stream has it twice, also
 * in the vendor's own member. It goes out once, and only to clients that asked.
 */
export const answers = mendedAnswers({
  frame: (frame) => {
    const { x_groq: own } = frame
    if (!isObject(own) || !isObject(own['usage'])) return
    const { usage, ...rest } = own
    if (!isObject(frame['usage'])) frame['usage'] = usage
    frame['x_groq'] = rest
  },
  fault: chatFault,
})

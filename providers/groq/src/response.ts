import { isObject, mendedAnswers, ProviderFault } from '@llmproxy/provider-kit'
import { chatFault } from './fault.ts'

/**
 * Answers are OpenAI's but for the reasoning, which the kit moves, and the usage: the last chunk of a stream has it twice, also
 * in the vendor's own member. It goes out once, and only to clients that asked.
 */
export const answers = mendedAnswers({
  frame: (frame) => {
    const { x_groq: own } = frame
    if (!isObject(own)) return
    // Where the vendor says why it broke off a stream: what follows is `[DONE]`, as if nothing had happened.
    if (typeof own['error'] === 'string' && own['error'] !== '') throw broken(own['error'])
    if (!isObject(own['usage'])) return
    const { usage, ...rest } = own
    if (!isObject(frame['usage'])) frame['usage'] = usage
    frame['x_groq'] = rest
  },
  fault: chatFault,
})

function broken(error: string): ProviderFault {
  const body = { error: { message: error } }
  return new ProviderFault(
    chatFault({ status: 200, headers: {}, body, text: JSON.stringify(body), inBand: true }),
  )
}

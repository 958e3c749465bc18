import {
  type Call,
  type ChatCompletion,
  type ChatRequest,
  isObject,
  mendedAnswers,
} from '@llmproxy/provider-kit'
import { grokFault } from './fault.ts'
import { mendUsage } from './usage.ts'

/** A whole answer in OpenAI's form; the vendor's extras stay. */
export function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const repeated = repeatable(call)
  return mendedAnswers({
    message(message) {
      if (repeated !== undefined && message['content'] === repeated) message['content'] = ''
    },
    usage: mendUsage,
    fault: grokFault,
  }).response(body, call)
}

/** The text that old models say again before they go on: that of an assistant message at the end of the conversation. */
export function repeatable({ body }: Call<ChatRequest>): string | undefined {
  const last: unknown = Array.isArray(body.messages) ? body.messages.at(-1) : undefined
  if (!isObject(last) || last['role'] !== 'assistant') return undefined
  return typeof last['content'] === 'string' && last['content'] !== '' ? last['content'] : undefined
}

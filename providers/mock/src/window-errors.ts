import { badRequest, type MockError, type Wire } from './errors.ts'
import type { PromptSize } from './prompt-size.ts'

/** What a vendor's text about a window depends on. */
export interface Overflow {
  readonly size: PromptSize
  readonly limit: number
  readonly wire: Wire
  /** Of legacy completions, whose text is another. */
  readonly prompt: boolean
  /** The text names neither number. */
  readonly wordless: boolean
}

/** The error of a request that does not fit, in the words of the vendor; both numbers are in it unless it is `wordless`. */
export function windowError(overflow: Overflow): MockError {
  const { wire, wordless, prompt } = overflow
  if (wordless) {
    const text =
      'Your input exceeds the context window of this model. Please adjust your input and try again.'
    return wire === 'anthropic' ? badRequest('prompt is too long', null) : contextError(text)
  }
  if (wire === 'anthropic') return badRequest(messagesText(overflow), null)
  return prompt ? badRequest(promptText(overflow), null) : contextError(chatText(overflow))
}

function contextError(text: string): MockError {
  return badRequest(text, 'messages', 'context_length_exceeded')
}

function messagesText({ size, limit }: Overflow): string {
  const input = size.messages + size.functions
  if (input > limit) return `prompt is too long: ${input} tokens > ${limit} maximum`
  return `input length and \`max_tokens\` exceed context limit: ${input} + ${size.answer} > ${limit}, decrease input length or \`max_tokens\` and try again`
}

function promptText({ size, limit }: Overflow): string {
  const asked = size.messages + size.answer
  return `This model's maximum context length is ${limit} tokens, however you requested ${asked} tokens (${size.messages} in your prompt; ${size.answer} for the completion). Please reduce your prompt; or completion length.`
}

function chatText({ size, limit }: Overflow): string {
  const { messages, functions, answer } = size
  const all = messages + functions + answer
  const maximum = `This model's maximum context length is ${limit} tokens. However,`
  if (answer > 0 && functions > 0) {
    return `${maximum} you requested ${all} tokens (${messages} in the messages, ${functions} in the functions, and ${answer} in the completion). Please reduce the length of the messages, functions, or completion.`
  }
  if (answer > 0) {
    return `${maximum} you requested ${all} tokens (${messages} in the messages, ${answer} in the completion). Please reduce the length of the messages or completion.`
  }
  if (functions > 0) {
    return `${maximum} your messages resulted in ${all} tokens (${messages} in the messages, ${functions} in the functions). Please reduce the length of the messages or functions.`
  }
  return `${maximum} your messages resulted in ${all} tokens. Please reduce the length of the messages.`
}

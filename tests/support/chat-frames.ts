/** Frames of an upstream with OpenAI's wire, always with the same id, time and model. */
export const chatHead = {
  id: 'chatcmpl-test',
  object: 'chat.completion.chunk',
  created: 1_700_000_000,
  model: 'mock-test',
} as const

/** `data: …` and a blank line. */
export function frame(value: unknown): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

/** A chunk with one choice. */
export function delta(content: object, finish: string | null = null): string {
  return frame({ ...chatHead, choices: [{ index: 0, delta: content, finish_reason: finish }] })
}

export const role = delta({ role: 'assistant', content: '' })
export const done = 'data: [DONE]\n\n'

export function say(content: string): string {
  return delta({ content })
}

export function finish(reason = 'stop'): string {
  return delta({}, reason)
}

/** The usage chunk at the end of a stream. */
export function usage(input = 9, output = 2): string {
  const counts = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
  return frame({ ...chatHead, choices: [], usage: counts })
}

/** A streamed chat request. */
export function chat(model: string, members: object = {}) {
  return { model, stream: true, messages: [{ role: 'user', content: 'Hi' }], ...members }
}

import type { ChaosBody } from './chaos-request.ts'

const pieces = 10

/** The text that answers a request, and no other. */
export function textFor(id: string): string {
  return Array.from({ length: pieces }, (_, index) => `<${id}:${index}>`).join('')
}

export function answerTo({ user, model }: ChaosBody): object {
  const message = { role: 'assistant', content: textFor(user) }
  return {
    id: `chatcmpl-${user}`,
    object: 'chat.completion',
    created: 1,
    model,
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    usage: { prompt_tokens: 1, completion_tokens: pieces, total_tokens: pieces + 1 },
  }
}

export function chunksTo({ user, model }: ChaosBody): string[] {
  const frame = (delta: object, finish_reason: string | null): string => {
    const choices = [{ index: 0, delta, finish_reason }]
    const chunk = { id: `chatcmpl-${user}`, object: 'chat.completion.chunk', created: 1, model, choices }
    return `data: ${JSON.stringify(chunk)}\n\n`
  }
  const texts = Array.from({ length: pieces }, (_, index) => frame({ content: `<${user}:${index}>` }, null))
  return [frame({ role: 'assistant', content: '' }, null), ...texts, frame({}, 'stop'), 'data: [DONE]\n\n']
}

import { ProviderFault } from '@llmproxy/provider-kit'

/** A whole answer as the frames of a stream: one with the content, one with the finish reason, one with the usage. */
export function framesOf(operation: 'chat' | 'completions', answer: unknown): unknown[] {
  const whole = answer as { choices?: unknown; usage?: unknown } | null
  if (
    typeof whole !== 'object' ||
    whole === null ||
    !Array.isArray(whole.choices) ||
    whole.choices.length === 0
  ) {
    throw new ProviderFault({ kind: 'bad_response', message: 'the upstream’s answer has no choices' })
  }
  const { choices, usage, ...rest } = whole
  const frame = operation === 'chat' ? { ...rest, object: 'chat.completion.chunk' } : rest
  const toContent = operation === 'chat' ? chatContent : textContent
  const frames: unknown[] = [
    { ...frame, choices: choices.map(toContent) },
    { ...frame, choices: choices.map((choice, position) => finish(operation, choice, position)) },
  ]
  if (usage !== undefined && usage !== null) frames.push({ ...frame, choices: [], usage })
  return frames
}

interface WholeChoice {
  index?: number
  message?: { tool_calls?: object[]; [member: string]: unknown }
  text?: string
  finish_reason?: unknown
  logprobs?: unknown
}

function chatContent(choice: WholeChoice, position: number): object {
  const { tool_calls: calls, ...message } = choice.message ?? {}
  const delta =
    Array.isArray(calls) && calls.length > 0
      ? { ...message, tool_calls: calls.map((call, index) => ({ index, ...call })) }
      : message
  return { index: choice.index ?? position, delta, logprobs: choice.logprobs ?? null, finish_reason: null }
}

function textContent(choice: WholeChoice, position: number): object {
  return {
    index: choice.index ?? position,
    text: choice.text ?? '',
    logprobs: choice.logprobs ?? null,
    finish_reason: null,
  }
}

function finish(operation: 'chat' | 'completions', choice: WholeChoice, position: number): object {
  const index = choice.index ?? position
  const reason = choice.finish_reason ?? 'stop'
  const content = operation === 'chat' ? { delta: {} } : { text: '' }
  return { index, ...content, logprobs: null, finish_reason: reason }
}

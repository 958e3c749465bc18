import type { FinishReason } from '@llmproxy/provider-kit'

const finishReasons: Readonly<Record<string, FinishReason>> = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  content_filtered: 'content_filter',
  guardrail_intervened: 'content_filter',
}

/**
 * The OpenAI word for a `stopReason`; `stop` for reasons that are not known yet.
 * Calls decide between `stop` and `tool_calls`, because clients run tools only when told so.
 */
export function finishReason(stopReason: unknown, hasToolCalls: boolean): FinishReason {
  const known = typeof stopReason === 'string' && Object.hasOwn(finishReasons, stopReason)
  const finish = known ? finishReasons[stopReason]! : 'stop'
  if (finish !== 'stop' && finish !== 'tool_calls') return finish
  return hasToolCalls ? 'tool_calls' : 'stop'
}

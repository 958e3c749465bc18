import type { FinishReason } from '@llmproxy/provider-kit'

/** Every `stop_reason` that the vendor documents. */
export type StopReason =
  | 'end_turn'
  | 'stop_sequence'
  | 'pause_turn'
  | 'max_tokens'
  | 'model_context_window_exceeded'
  | 'tool_use'
  | 'refusal'
  | 'compaction'

const finishReasons = {
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  max_tokens: 'length',
  model_context_window_exceeded: 'length',
  tool_use: 'tool_calls',
  refusal: 'content_filter',
  compaction: 'stop',
} as const satisfies Record<StopReason, FinishReason>

/**
 * The OpenAI word for a `stop_reason`; `stop` for reasons that are not known yet.
 * Calls decide between `stop` and `tool_calls`, because clients run tools only when told so.
 */
export function finishReason(stopReason: unknown, hasToolCalls: boolean): FinishReason {
  const finish =
    typeof stopReason === 'string' && Object.hasOwn(finishReasons, stopReason)
      ? finishReasons[stopReason as StopReason]
      : 'stop'
  if (finish !== 'stop' && finish !== 'tool_calls') return finish
  return hasToolCalls ? 'tool_calls' : 'stop'
}

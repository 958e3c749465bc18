import type { Call, ChatRequest } from '@llmproxy/provider-kit'

/** The server's words for how much to think. */
export type Effort = 'none' | 'low' | 'medium' | 'high' | 'max'

const efforts: Readonly<Record<string, { readonly effort: Effort; readonly lossy?: true }>> = {
  none: { effort: 'none' },
  minimal: { effort: 'low', lossy: true },
  low: { effort: 'low' },
  medium: { effort: 'medium' },
  high: { effort: 'high' },
  xhigh: { effort: 'max', lossy: true },
  max: { effort: 'max' },
}

/** `reasoning_effort` in the server's words; its neighbour, reported, where there is none. `undefined` for a word that nobody knows. */
export function reasoningEffort(value: unknown, call: Call<ChatRequest>): Effort | undefined {
  const known = typeof value === 'string' && Object.hasOwn(efforts, value) ? efforts[value] : undefined
  if (known?.lossy) call.dropped('reasoning_effort')
  return known?.effort
}

import { type Call, type ChatRequest, isObject, type Members } from '@llmproxy/provider-kit'
import { modelFamily, modelId } from './model-family.ts'

interface Effort {
  readonly level: 'low' | 'high'
  readonly budget: number
  /** The model's words have nothing that is the same. */
  readonly lossyLevel?: true
  readonly lossyBudget?: true
}

/** Not every model of the newest family knows the level between the two, so the safe neighbour stands in for it. */
const efforts: Readonly<Record<string, Effort>> = {
  minimal: { level: 'low', budget: 512, lossyLevel: true },
  low: { level: 'low', budget: 1024 },
  medium: { level: 'high', budget: 8192, lossyLevel: true },
  high: { level: 'high', budget: 24_576 },
  xhigh: { level: 'high', budget: 24_576, lossyLevel: true, lossyBudget: true },
  max: { level: 'high', budget: 24_576, lossyLevel: true, lossyBudget: true },
}

/**
 * `reasoning_effort` as `thinkingConfig`: a level for Gemini 3, a budget of tokens for 2.5. Whoever asks for an effort gets the
 * thoughts, too. `undefined` for models that do not think; a `thinkingConfig` of the client's own wins.
 */
export function thinkingOf(effort: unknown, call: Call<ChatRequest>): Members | undefined {
  const family = modelFamily(modelId(call.model))
  if (isObject(call.body['thinkingConfig']) || family.thinking === 'none') return undefined
  if (effort === 'none') return withoutThinking(family.thinking, family.canSkipThinking, call)
  const known = typeof effort === 'string' && Object.hasOwn(efforts, effort) ? efforts[effort] : undefined
  if (known === undefined) return undefined
  const byLevel = family.thinking === 'level'
  if (byLevel ? known.lossyLevel : known.lossyBudget) call.dropped('reasoning_effort')
  const amount = byLevel ? { thinkingLevel: known.level } : { thinkingBudget: known.budget }
  return { thinkingConfig: { ...amount, includeThoughts: true } }
}

function withoutThinking(
  by: 'level' | 'budget',
  canSkip: boolean,
  call: Call<ChatRequest>,
): Members | undefined {
  if (by === 'budget') return canSkip ? { thinkingConfig: { thinkingBudget: 0 } } : undefined
  // The least that there is.
  call.dropped('reasoning_effort')
  return { thinkingConfig: { thinkingLevel: 'low' } }
}

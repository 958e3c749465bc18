import { type JsonObject, refuse } from '@llmproxy/provider-kit'
import type { ModelTraits } from './models.ts'

/** What decides whether and how a model may reason. */
export interface ReasoningWish {
  /** `reasoning_effort` of the client. */
  readonly effort: unknown
  /** `maxTokens` as sent; absent: the model's own limit. */
  readonly maxTokens: number | undefined
  /** Something else in the request rules it out: a forced tool, a beginning of the answer. */
  readonly blocked: boolean
  /** The running tool loop began without replayed reasoning; only a budget cannot be switched on then. */
  readonly unreplayed: boolean
}

/** The model's own fields for it. `lossy`: the wish could not be met, or not as it was said, and must be reported. */
export interface ReasoningPlan {
  readonly fields: JsonObject
  readonly lossy: boolean
}

const efforts = ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'] as const
type Effort = (typeof efforts)[number]

/** Thinking tokens for models that are given a budget; the smallest one allowed is 1024. */
const budgets: Readonly<Record<Exclude<Effort, 'none'>, number>> = {
  minimal: 1024,
  low: 1024,
  medium: 2048,
  high: 4096,
  xhigh: 8192,
  max: 16_384,
}

/** Maps `reasoning_effort`; without one nothing is sent. Throws for an unknown word. */
export function reasoningPlan(wish: ReasoningWish, traits: ModelTraits): ReasoningPlan {
  if (wish.effort === undefined || wish.effort === null) return { fields: {}, lossy: false }
  const effort = efforts.find((word) => word === wish.effort)
  if (effort === undefined) {
    const known = efforts.join(', ')
    throw refuse('reasoning_effort', `unknown value ${JSON.stringify(wish.effort)}; use ${known}`)
  }
  switch (traits.reasoning) {
    case 'adaptive':
      return adaptive(effort, wish, traits)
    case 'budget':
      return budgeted(effort, wish)
    case 'effort':
      return levelled(effort)
    default:
      return { fields: {}, lossy: effort !== 'none' }
  }
}

/** True when the fields switch thinking on. */
export function isThinking(fields: JsonObject): boolean {
  const thinking = fields['thinking'] as { readonly type?: unknown } | undefined
  return thinking !== undefined && thinking.type !== 'disabled'
}

function adaptive(effort: Effort, wish: ReasoningWish, { xhighEffort }: ModelTraits): ReasoningPlan {
  // Some models think unless told not to, so `none` has to be said.
  if (effort === 'none') return { fields: { thinking: { type: 'disabled' } }, lossy: false }
  const words = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', max: 'max' } as const
  const word = effort === 'xhigh' ? (xhighEffort ? 'xhigh' : 'max') : words[effort]
  const spoken = { output_config: { effort: word } }
  if (wish.blocked) return { fields: spoken, lossy: true }
  return { fields: { thinking: { type: 'adaptive' }, ...spoken }, lossy: false }
}

function budgeted(effort: Effort, { maxTokens, blocked, unreplayed }: ReasoningWish): ReasoningPlan {
  if (effort === 'none') return { fields: {}, lossy: false }
  const tokens = budgets[effort]
  if (blocked || unreplayed || (maxTokens !== undefined && tokens >= maxTokens))
    return { fields: {}, lossy: true }
  return { fields: { thinking: { type: 'enabled', budget_tokens: tokens } }, lossy: false }
}

function levelled(effort: Effort): ReasoningPlan {
  const near = {
    none: 'low',
    minimal: 'low',
    low: 'low',
    medium: 'medium',
    high: 'high',
    xhigh: 'high',
    max: 'high',
  }
  const word = near[effort]
  return { fields: { reasoning_effort: word }, lossy: word !== effort }
}

import { refuse } from '@llmproxy/provider-kit'
import type { ModelTraits } from './models.ts'
import { isObject, type JsonObject } from './wire.ts'

/** What decides whether and how a model may think. */
export interface ReasoningWish {
  /** `reasoning_effort` of the client. */
  readonly effort: unknown
  /** `thinking` of the client, in the vendor's words; it wins. */
  readonly thinking: unknown
  readonly maxTokens: number
  /** Something else in the request rules out that thinking is switched on: a forced tool, a prefill. */
  readonly blocked: boolean
  /** The running tool loop began without replayed thinking; only a budget cannot be switched on then. */
  readonly unreplayed: boolean
}

/** The vendor's words for it. `lossy`: the wish could not be met and must be reported. */
export interface ReasoningPlan {
  readonly thinking?: JsonObject
  readonly effort?: string
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
  const given = isObject(wish.thinking) ? { thinking: wish.thinking } : undefined
  if (wish.effort === undefined || wish.effort === null) return { ...given, lossy: false }
  const effort = knownEffort(wish.effort)
  if (traits.thinking === 'adaptive') {
    const plan = adaptive(effort, wish, traits)
    return given === undefined ? plan : { ...plan, ...given, lossy: false }
  }
  if (given !== undefined) return { ...given, lossy: true }
  if (effort === 'none') return { lossy: false }
  const budget = budgets[effort]
  const impossible = traits.thinking === 'none' || wish.blocked || wish.unreplayed || budget >= wish.maxTokens
  if (impossible) return { lossy: true }
  return { thinking: { type: 'enabled', budget_tokens: budget }, lossy: false }
}

/** True when the request switches thinking on. */
export function isThinking(plan: ReasoningPlan): boolean {
  return plan.thinking !== undefined && plan.thinking['type'] !== 'disabled'
}

function adaptive(effort: Effort, wish: ReasoningWish, traits: ModelTraits): ReasoningPlan {
  // Some models think unless told not to, so `none` has to be said.
  if (effort === 'none') return { thinking: { type: 'disabled' }, lossy: false }
  const words = { minimal: 'low', low: 'low', medium: 'medium', high: 'high', max: 'max' } as const
  const word = effort === 'xhigh' ? (traits.xhighEffort ? 'xhigh' : 'max') : words[effort]
  return wish.blocked
    ? { effort: word, lossy: true }
    : { thinking: { type: 'adaptive' }, effort: word, lossy: false }
}

function knownEffort(effort: unknown): Effort {
  const known = efforts.find((word) => word === effort)
  if (known === undefined) {
    throw refuse('reasoning_effort', `unknown value ${JSON.stringify(effort)}; use ${efforts.join(', ')}`)
  }
  return known
}

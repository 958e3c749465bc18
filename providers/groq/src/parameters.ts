import {
  type Call,
  type ChatRequest,
  type Members,
  type ParameterRules,
  tokenLimit,
} from '@llmproxy/provider-kit'

/**
 * What becomes of each member of a chat request. Members that are not known here pass, since the vendor has some of its own
 * (`reasoning_format`).
 */
export const parameters: ParameterRules = {
  ...tokenLimit('max_completion_tokens'),
  temperature: 'forward',
  top_p: 'forward',
  n: 'refuse',
  stop: 'forward',
  seed: 'forward',
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: 'forward',
  tool_choice: 'forward',
  parallel_tool_calls: 'forward',
  functions: 'forward',
  function_call: 'forward',
  response_format: 'forward',
  reasoning_effort: reasoningEffort,
  verbosity: 'drop',
  user: 'forward',
  safety_identifier: (value, call) => (call.body.user ? undefined : { user: value }),
  metadata: 'drop',
  store: 'drop',
  service_tier: serviceTier,
  modalities: 'refuse',
  audio: 'drop',
  prediction: 'drop',
  prompt_cache_key: 'drop',
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
  '*': 'forward',
}

const tiers: Readonly<Record<string, string>> = {
  auto: 'auto',
  default: 'on_demand',
  on_demand: 'on_demand',
  flex: 'flex',
  performance: 'performance',
}

function serviceTier(tier: unknown): Members | undefined {
  const known = typeof tier === 'string' && Object.hasOwn(tiers, tier) ? tiers[tier] : undefined
  return known === undefined ? undefined : { service_tier: known }
}

/** The efforts of gpt-oss models, and what the other words of the wire format come nearest to. */
const levels: Readonly<Record<string, string>> = {
  none: 'low',
  minimal: 'low',
  low: 'low',
  default: 'medium',
  medium: 'medium',
  high: 'high',
  xhigh: 'high',
  max: 'high',
}

/** Each family of models has words of its own; a word that only comes near to the client's is reported. */
function reasoningEffort(effort: unknown, call: Call<ChatRequest>): Members | undefined {
  const near = nearest(effort, call.model)
  if (near !== effort) call.dropped('reasoning_effort')
  return { reasoning_effort: near }
}

function nearest(effort: unknown, model: string): unknown {
  if (typeof effort !== 'string') return effort
  if (/gpt-oss/i.test(model)) return Object.hasOwn(levels, effort) ? levels[effort] : effort
  if (/qwen/i.test(model)) return effort === 'none' || !Object.hasOwn(levels, effort) ? effort : 'default'
  return effort
}

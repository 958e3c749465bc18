import {
  clamped,
  type Members,
  notOffered,
  type ParameterRules,
  refuse,
  tokenLimit,
} from '@llmproxy/provider-kit'

import { unless } from './own-name.ts'

/** What becomes of each member of a chat request for `/v1/generate`, which takes a prompt and knows no tools. */
export const generateRules: ParameterRules = {
  ...tokenLimit('max_tokens'),
  temperature: clamped('temperature', 0, 5),
  top_p: unless('p', { to: 'p' }),
  n: generations,
  // `stop_sequences` of this vendor are included in the text; these are cut off, as OpenAI's clients expect.
  stop: unless('end_sequences', (value) => ({ end_sequences: Array.isArray(value) ? value : [value] })),
  seed: 'forward',
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: noTools('tools'),
  tool_choice: 'drop',
  parallel_tool_calls: 'drop',
  functions: noTools('functions'),
  function_call: 'drop',
  response_format: (value) => {
    if ((value as { type?: unknown } | null)?.type !== 'json_schema') return undefined
    throw notOffered('response_format', 'this wire format has no JSON Schema')
  },
  reasoning_effort: 'drop',
  verbosity: 'drop',
  user: 'drop',
  safety_identifier: 'drop',
  metadata: 'drop',
  store: 'drop',
  service_tier: 'drop',
  modalities: 'refuse',
  audio: 'refuse',
  prediction: 'drop',
  prompt_cache_key: 'drop',
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
  // The vendor's own, and what OpenAI's clients call them.
  top_k: unless('k', { to: 'k' }),
  k: 'forward',
  p: 'forward',
  truncate: 'forward',
  preset: 'forward',
  end_sequences: 'forward',
  stop_sequences: 'forward',
  return_likelihoods: 'forward',
  raw_prompting: 'forward',
  '*': 'drop',
}

/** From 1 to 5. */
function generations(value: unknown): Members {
  if (value === 1) return {}
  if (typeof value === 'number' && value > 5) throw refuse('n', 'this provider gives at most 5 answers')
  return { num_generations: value }
}

function noTools(name: string): (value: unknown) => undefined {
  return (value) => {
    if (!Array.isArray(value) || value.length > 0) throw notOffered(name, 'this wire format has no tools')
  }
}

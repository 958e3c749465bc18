import {
  type Call,
  type ChatRequest,
  isObject,
  type Members,
  type ParameterRules,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { thinkingOf } from './reasoning.ts'

/** Built elsewhere, together with others. */
const elsewhere = (): Members => ({})
const mostStops = 5

/** What becomes of each parameter: members of `generationConfig`, and the vendor's own of the body itself. */
export const parameters: ParameterRules = {
  ...tokenLimit('maxOutputTokens'),
  temperature: 'forward',
  top_p: { to: 'topP' },
  n: (value) => (value === 1 ? {} : { candidateCount: value }),
  stop: stopSequences,
  seed: 'forward',
  frequency_penalty: { to: 'frequencyPenalty' },
  presence_penalty: { to: 'presencePenalty' },
  logit_bias: 'drop',
  logprobs: (value) => (value === true ? { responseLogprobs: true } : undefined),
  // Without `logprobs` there is nothing that it could count.
  top_logprobs: (value, call) => (call.body.logprobs === true ? { logprobs: value } : undefined),
  tools: elsewhere,
  tool_choice: elsewhere,
  parallel_tool_calls: 'drop',
  functions: elsewhere,
  function_call: elsewhere,
  response_format: elsewhere,
  reasoning_effort: thinkingOf,
  verbosity: 'drop',
  user: 'drop',
  safety_identifier: 'drop',
  metadata: 'drop',
  store: 'drop',
  service_tier: 'drop',
  modalities: 'refuse',
  audio: 'drop',
  prediction: 'drop',
  prompt_cache_key: 'drop',
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
  top_k: { to: 'topK' },
  thinkingConfig: (value) => (isObject(value) ? { thinkingConfig: value } : undefined),
  safetySettings: 'forward',
  cachedContent: 'forward',
  '*': 'drop',
}

/** Up to five, each with a text in it. */
function stopSequences(value: unknown, call: Call<ChatRequest>): Members {
  const given = (Array.isArray(value) ? value : [value]).filter((text: unknown) => text !== '')
  if (given.length > mostStops) call.dropped('stop')
  return given.length === 0 ? {} : { stopSequences: given.slice(0, mostStops) }
}

import { type Call, type ChatRequest, type ParameterRules, tokenLimit } from '@llmproxy/provider-kit'
import { functionCall, toolChoice, toolMembers } from './tools.ts'

/** What becomes of each member of a chat request. The vendor answers 422 to members that it does not know. */
export const parameterRules: ParameterRules = {
  ...tokenLimit('max_tokens'),
  temperature: 'forward',
  top_p: 'forward',
  n: 'forward',
  stop: 'forward',
  seed: randomSeed,
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: (_, call) => toolMembers(call),
  tool_choice: (_, call) => toolChoice(call),
  parallel_tool_calls: 'forward',
  functions: (_, call) => toolMembers(call),
  function_call: (_, call) => functionCall(call),
  response_format: 'forward',
  reasoning_effort: 'forward',
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
  // The vendor's own.
  random_seed: 'forward',
  safe_prompt: 'forward',
  prompt_mode: 'forward',
  '*': 'drop',
}

/** The vendor's own name wins when both are there. */
function randomSeed(value: unknown, { body }: Call<ChatRequest>): Record<string, unknown> | undefined {
  const own = body['random_seed']
  if (own === undefined || own === null) return { random_seed: value }
  return own === value ? {} : undefined
}

import {
  type Call,
  type ChatRequest,
  functionRules,
  type Members,
  type ParameterRules,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { reasoningEffort } from './reasoning.ts'
import { offeredTools, toolChoice } from './tools.ts'

/** What becomes of each member at `/v1/chat/completions`. The server ignores without a word what it does not know. */
export const parameters: ParameterRules = {
  ...tokenLimit('max_tokens'),
  temperature: 'forward',
  top_p: 'forward',
  n: 'refuse',
  stop: 'forward',
  seed: 'forward',
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'drop',
  logprobs: 'forward',
  top_logprobs: 'forward',
  tools: offeredTools,
  tool_choice: toolChoice,
  parallel_tool_calls: 'drop',
  functions: (value, call) => functionsAsTools(value, call),
  function_call: toolChoice,
  response_format: 'forward',
  reasoning_effort: (value, call) => effortMember(value, call),
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
  '*': 'drop',
}

/** `functions` of old clients, as far as they may be called. */
export function functionsAsTools(value: unknown, call: Call<ChatRequest>): Members | undefined {
  const tools = functionRules.functions(value, call)?.tools
  return tools === undefined ? undefined : offeredTools(tools, call)
}

function effortMember(value: unknown, call: Call<ChatRequest>): Members | undefined {
  const effort = reasoningEffort(value, call)
  return effort === undefined ? undefined : { reasoning_effort: effort }
}

import {
  type Call,
  type ChatRequest,
  isObject,
  type Members,
  type ParameterRules,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { functionsAsTools } from '../parameters.ts'
import { reasoningEffort } from '../reasoning.ts'
import { offeredTools, toolChoice } from '../tools.ts'

/** What becomes of each member at `/api/chat`: sampling stands in `options`, the rest beside it. */
export const nativeParameters: ParameterRules = {
  ...tokenLimit('num_predict'),
  temperature: 'forward',
  top_p: 'forward',
  n: 'refuse',
  stop: (value) => ({ stop: Array.isArray(value) ? value : [value] }),
  seed: 'forward',
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: offeredTools,
  tool_choice: toolChoice,
  parallel_tool_calls: 'drop',
  functions: functionsAsTools,
  function_call: toolChoice,
  response_format: format,
  reasoning_effort: think,
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
  options: (value) => (isObject(value) ? { options: value } : undefined),
  think: 'forward',
  keep_alive: 'forward',
  '*': 'drop',
}

function format(value: unknown): Members | undefined {
  const type = isObject(value) ? value['type'] : undefined
  if (type === 'text') return {}
  if (type === 'json_object') return { format: 'json' }
  if (type !== 'json_schema' || !isObject(value)) return undefined
  const described = value['json_schema']
  const schema = isObject(described) ? described['schema'] : undefined
  return { format: isObject(schema) ? schema : 'json' }
}

/** A `think` of the client's own wins. */
function think(value: unknown, call: Call<ChatRequest>): Members | undefined {
  if ((call.body['think'] ?? undefined) !== undefined) return undefined
  const effort = reasoningEffort(value, call)
  if (effort === undefined) return undefined
  return { think: effort === 'none' ? false : effort }
}

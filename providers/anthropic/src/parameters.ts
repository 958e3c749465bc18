import {
  type ChatParameter,
  isObject,
  kindOf,
  type Members,
  type ParameterRule,
  type ParameterRules,
  refuse,
} from '@llmproxy/provider-kit'
import { stopSequences } from './stop-sequences.ts'

/** What depends on other members or on the model is put together in `request.ts`, which also reports what is lost. */
const together: ParameterRule = () => ({})

/** The same for a field that is an object in the vendor's words. */
function togetherAsObject(name: string): ParameterRule {
  return (value) => {
    if (!isObject(value)) throw refuse(name, `must be an object, found ${kindOf(value)}`)
    return {}
  }
}

const tiers: ReadonlyMap<unknown, string> = new Map([
  ['auto', 'auto'],
  ['default', 'standard_only'],
  ['standard_only', 'standard_only'],
])

/** One answer is what the vendor gives. */
export const oneAnswer: ParameterRule = (value) => {
  if (value === 1) return {}
  if (typeof value !== 'number') throw refuse('n', `must be a number, found ${kindOf(value)}`)
  throw refuse('n', 'this provider gives one answer; send n requests instead')
}

/** The vendor's own fields, accepted beside OpenAI's. */
const extensions = {
  top_k: together,
  thinking: togetherAsObject('thinking'),
  output_config: togetherAsObject('output_config'),
  cache_control: 'forward',
  container: 'forward',
  mcp_servers: 'forward',
  context_management: 'forward',
  inference_geo: 'forward',
  speed: 'forward',
} as const satisfies Record<string, ParameterRule>

const chat = {
  max_completion_tokens: together,
  max_tokens: together,
  temperature: together,
  top_p: together,
  n: oneAnswer,
  // What is left out of it has been reported by its place.
  stop: (value, call) => some('stop_sequences', stopSequences(value, call)) ?? {},
  seed: 'drop',
  frequency_penalty: 'drop',
  presence_penalty: 'drop',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: together,
  tool_choice: together,
  parallel_tool_calls: together,
  functions: together,
  function_call: together,
  response_format: together,
  reasoning_effort: together,
  verbosity: 'drop',
  user: (value, call) => {
    const identifier = call.body['safety_identifier'] || value
    return value === identifier ? endUser(value) : undefined
  },
  safety_identifier: endUser,
  metadata: 'drop',
  store: 'drop',
  service_tier: (value) => some('service_tier', tiers.get(value)),
  modalities: 'drop',
  audio: 'drop',
  prediction: 'drop',
  prompt_cache_key: 'drop',
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
} as const satisfies Record<ChatParameter, ParameterRule>

/** Every known field of a chat request. Others are dropped, because the vendor answers 400 to any field it does not know. */
export const parameters: ParameterRules = { ...chat, ...extensions, '*': 'drop' }

function endUser(id: unknown): Members | undefined {
  return id ? { metadata: { user_id: id } } : undefined
}

function some(name: string, value: unknown): Members | undefined {
  return value === undefined ? undefined : { [name]: value }
}

import {
  type Call,
  type ChatRequest,
  clamped,
  isObject,
  type Members,
  type ParameterRule,
  type ParameterRules,
  refuse,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { effortFor, isReasoningModel } from './models.ts'
import { toolParameters } from './tools.ts'

/** Reasoning models answer 400 to it. */
function refusedByReasoning(name: string): ParameterRule {
  return (value, { model }) => (isReasoningModel(model) ? undefined : { [name]: value })
}

/** Reported where it is not what was asked for. */
function reasoningEffort(value: unknown, call: Call<ChatRequest>): Members | undefined {
  const effort = effortFor(value, call.model)
  // A model that does not reason need not be told so.
  if (effort === undefined) return value === 'none' && !isReasoningModel(call.model) ? {} : undefined
  if (effort !== value) call.dropped('reasoning_effort')
  return { reasoning_effort: effort }
}

function searchParameters(value: unknown): Members {
  if (isObject(value) && value['mode'] === 'off') return {}
  throw refuse(
    'search_parameters',
    'the vendor has ended live search in chat; its search tools are part of its Responses API',
  )
}

/** What becomes of each parameter of a chat request. */
export const parameters: ParameterRules = {
  ...tokenLimit('max_completion_tokens'),
  temperature: clamped('temperature', 0, 2),
  top_p: 'forward',
  n: 'forward',
  stop: refusedByReasoning('stop'),
  seed: 'forward',
  frequency_penalty: refusedByReasoning('frequency_penalty'),
  presence_penalty: refusedByReasoning('presence_penalty'),
  logit_bias: 'drop',
  logprobs: 'forward',
  top_logprobs: clamped('top_logprobs', 0, 8),
  ...toolParameters,
  response_format: 'forward',
  reasoning_effort: reasoningEffort,
  verbosity: 'drop',
  user: 'forward',
  safety_identifier: 'drop',
  metadata: 'drop',
  store: 'drop',
  service_tier: (value) =>
    value === 'default' || value === 'priority' ? { service_tier: value } : undefined,
  modalities: 'refuse',
  audio: 'refuse',
  prediction: 'drop',
  // Sent as a header: see cacheHeaders().
  prompt_cache_key: (value) => (isHeaderValue(value) ? {} : undefined),
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
  search_parameters: searchParameters,
  // The answer would be a promise of one, to be asked for later.
  deferred: (value) => (value === false ? {} : undefined),
  '*': 'forward',
}

/** The header that keeps a conversation near its cache: what OpenAI has as `prompt_cache_key`. */
export function cacheHeaders({ body }: Call<ChatRequest>): Readonly<Record<string, string>> | undefined {
  const key: unknown = body['prompt_cache_key']
  return isHeaderValue(key) ? { 'x-grok-conv-id': key } : undefined
}

function isHeaderValue(value: unknown): value is string {
  return typeof value === 'string' && /^[\x21-\x7e]{1,256}$/.test(value)
}

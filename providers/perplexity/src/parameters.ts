import {
  asksForNothing,
  type Call,
  type ChatRequest,
  clamped,
  isObject,
  type ParameterRule,
  type ParameterRules,
  refuse,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { isReasoningModel } from './models.ts'
import { toolParameters } from './tools.ts'

/** The vendor's own parameters, accepted beside OpenAI's. */
const own = [
  'top_k',
  'stream_mode',
  'best_of',
  'search_mode',
  'search_domain_filter',
  'search_recency_filter',
  'search_after_date_filter',
  'search_before_date_filter',
  'last_updated_after_filter',
  'last_updated_before_filter',
  'search_language_filter',
  'return_images',
  'return_related_questions',
  'image_domain_filter',
  'image_format_filter',
  'language_preference',
  'disable_search',
  'enable_search_classifier',
  'num_search_results',
  'country',
  'latitude',
  'longitude',
  'media_response',
  'safe_search',
  'user_original_query',
] as const

/** The smallest answer that the vendor accepts to be asked for. */
const fewestTokens = 16

/** What becomes of each parameter of a chat request. `tools`: the account may use them. */
export function parameters({ tools }: { readonly tools: boolean }): ParameterRules {
  return {
    ...tokenLimit('max_tokens', fewestTokens),
    // Below 2, not up to it.
    temperature: clamped('temperature', 0, 1.99),
    top_p: clamped('top_p', 0, 1),
    n: 'refuse',
    stop: 'forward',
    seed: 'drop',
    frequency_penalty: (value) => (asksForNothing('frequency_penalty', value) ? {} : frequency(value)),
    presence_penalty: presencePenalty,
    logit_bias: 'drop',
    logprobs: 'forward',
    top_logprobs: 'forward',
    ...toolParameters(tools),
    response_format: responseFormat,
    reasoning_effort: reasoningEffort,
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
    web_search_options: 'forward',
    moderation: 'drop',
    ...Object.fromEntries(own.map((name): [string, ParameterRule] => [name, 'forward'])),
    '*': 'drop',
  }
}

function frequency(value: unknown): Record<string, unknown> {
  return { frequency_penalty: value }
}

/** One of both penalties, at most: the frequency penalty wins. */
function presencePenalty(value: unknown, { body }: Call<ChatRequest>): Record<string, unknown> | undefined {
  if (asksForNothing('presence_penalty', value)) return {}
  return asksForNothing('frequency_penalty', body.frequency_penalty) ? { presence_penalty: value } : undefined
}

/** The vendor has schemas only, and any JSON object has one as well. */
function responseFormat(value: unknown, call: Call<ChatRequest>): Record<string, unknown> | undefined {
  if (!isObject(value)) return undefined
  if (value['type'] === 'json_object')
    return { response_format: { type: 'json_schema', json_schema: { schema: { type: 'object' } } } }
  if (value['type'] === 'regex') return { response_format: value }
  if (value['type'] !== 'json_schema') return undefined
  const given = value['json_schema']
  if (!isObject(given) || !isObject(given['schema']))
    throw refuse('response_format.json_schema.schema', 'must be a JSON Schema object')
  const { schema, name, strict, ...others } = given
  for (const [member, text] of Object.entries(others))
    if (text !== undefined && text !== null) call.dropped(`response_format.json_schema.${member}`)
  const kept = {
    schema,
    ...(typeof name === 'string' && { name }),
    ...(typeof strict === 'boolean' && { strict }),
  }
  return { response_format: { type: 'json_schema', json_schema: kept } }
}

const efforts: ReadonlySet<unknown> = new Set(['minimal', 'low', 'medium', 'high'])

/** Reported where a model cannot be told, or cannot do as much. */
function reasoningEffort(value: unknown, call: Call<ChatRequest>): Record<string, unknown> | undefined {
  if (!isReasoningModel(call.model)) return value === 'none' ? {} : undefined
  if (efforts.has(value)) return { reasoning_effort: value }
  if (value !== 'xhigh' && value !== 'max') return undefined
  call.dropped('reasoning_effort')
  return { reasoning_effort: 'high' }
}

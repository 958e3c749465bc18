import {
  type Members,
  isObject,
  kindOf,
  type ParameterRules,
  refuse,
  tokenLimit,
} from '@llmproxy/provider-kit'

/** A member that is read elsewhere, together with others: `tools.ts`, `reasoning.ts`. */
const elsewhere = (): Members => ({})

/**
 * What becomes of each member of a chat request. The names are those of `inferenceConfig`, and two of the vendor's own, which
 * clients may send beside OpenAI's; any other is dropped and reported, because the API refuses what it does not know.
 */
export const parameters: ParameterRules = {
  ...tokenLimit('maxTokens'),
  temperature: 'forward',
  top_p: { to: 'topP' },
  n: 'refuse',
  stop: stopSequences,
  seed: 'drop',
  frequency_penalty: 'drop',
  presence_penalty: 'drop',
  logit_bias: 'drop',
  logprobs: 'drop',
  top_logprobs: 'drop',
  tools: elsewhere,
  tool_choice: elsewhere,
  parallel_tool_calls: 'drop',
  functions: elsewhere,
  function_call: elsewhere,
  // A schema becomes a tool: `structured-output.ts`. JSON without one cannot be asked for.
  response_format: (format) => (isObject(format) && format['type'] === 'json_schema' ? {} : undefined),
  reasoning_effort: elsewhere,
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
  guardrailConfig: (value) => ({ guardrailConfig: objectAt('guardrailConfig', value) }),
  additionalModelRequestFields: (value) => ({
    additionalModelRequestFields: objectAt('additionalModelRequestFields', value),
  }),
  '*': 'drop',
}

function stopSequences(stop: unknown): Members {
  const list: readonly unknown[] = Array.isArray(stop) ? stop : [stop]
  const texts = list.map((text) => {
    if (typeof text !== 'string')
      throw refuse('stop', `must be a string or an array of strings, found ${kindOf(text)}`)
    return text
  })
  const kept = texts.filter((text) => text !== '')
  return kept.length === 0 ? {} : { stopSequences: kept }
}

function objectAt(name: string, value: unknown): object {
  if (!isObject(value)) throw refuse(name, `must be an object, found ${kindOf(value)}`)
  return value
}

import { isObject, notOffered, type ParameterRule, type ParameterRules } from '@llmproxy/provider-kit'

/**
 * Nearly everything is passed on: the vendor knows most of it, hands it to the model's own vendor, and ignores what that one does
 * not know.
 */
export const parameters: ParameterRules = {
  max_completion_tokens: 'forward',
  max_tokens: 'forward',
  temperature: 'forward',
  top_p: 'forward',
  n: 'forward',
  stop: 'forward',
  seed: 'forward',
  frequency_penalty: 'forward',
  presence_penalty: 'forward',
  logit_bias: 'forward',
  logprobs: 'forward',
  top_logprobs: 'forward',
  tools: 'forward',
  tool_choice: 'forward',
  parallel_tool_calls: 'forward',
  functions: withoutFunctions('functions'),
  function_call: withoutFunctions('function_call'),
  response_format: 'forward',
  reasoning_effort: 'forward',
  verbosity: 'forward',
  user: 'forward',
  safety_identifier: 'forward',
  metadata: 'forward',
  store: 'drop',
  service_tier: 'forward',
  modalities: 'forward',
  audio: 'forward',
  prediction: 'forward',
  prompt_cache_key: 'forward',
  prompt_cache_retention: 'forward',
  prompt_cache_options: 'forward',
  web_search_options: 'forward',
  moderation: 'forward',
  debug,
  '*': 'forward',
}

/** The form of tools before `tools`: not in the vendor's API, where it would be ignored and the answer be another one. */
function withoutFunctions(name: string): ParameterRule {
  return (value) => {
    const asks = Array.isArray(value) ? value.length > 0 : value !== 'auto' && value !== 'none'
    if (asks) throw notOffered(name, 'not offered by this provider: send tools')
    return {}
  }
}

/** The echo of what the vendor sent on to the next one: it is for development, and must not be had through a gateway. */
function debug(value: unknown, call: { dropped(field: string): void }): Record<string, unknown> {
  if (!isObject(value) || !Object.hasOwn(value, 'echo_upstream_body')) return { debug: value }
  const { echo_upstream_body: echo, ...rest } = value
  if (echo) call.dropped('debug.echo_upstream_body')
  return Object.keys(rest).length === 0 ? {} : { debug: rest }
}

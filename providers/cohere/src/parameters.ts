import {
  type Call,
  type ChatRequest,
  clamped,
  type Members,
  type ParameterRule,
  type ParameterRules,
  tokenLimit,
} from '@llmproxy/provider-kit'
import { applied, unless } from './own-name.ts'
import { responseFormat } from './response-format.ts'
import { functionCall, strictTools, toolChoice, toolMembers } from './tools.ts'

/** What becomes of each member of a chat request for `/v2/chat`. */
export const parameterRules: ParameterRules = {
  ...tokenLimit('max_tokens'),
  temperature: clamped('temperature', 0, 1),
  top_p: unless('p', clamped('top_p', 0.01, 0.99, 'p')),
  n: 'refuse',
  stop: stopSequences,
  seed: 'forward',
  frequency_penalty: penalty('frequency_penalty'),
  presence_penalty: (value, call) =>
    positive(call.body.frequency_penalty) && positive(value)
      ? undefined
      : applied(penalty('presence_penalty'), value, call),
  logit_bias: 'drop',
  logprobs: (value) => (value === true ? { logprobs: true } : {}),
  top_logprobs: 'drop',
  tools: (_, call) => toolMembers(call),
  tool_choice: (_, call) => toolChoice(call),
  parallel_tool_calls: 'drop',
  functions: (_, call) => toolMembers(call),
  function_call: (_, call) => functionCall(call),
  response_format: (_, call) => responseFormat(call),
  reasoning_effort: unless('thinking', (value) => ({
    thinking: { type: value === 'none' ? 'disabled' : 'enabled' },
  })),
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
  top_k: unless('k', clamped('top_k', 0, 500, 'k')),
  k: clamped('k', 0, 500),
  p: clamped('p', 0.01, 0.99),
  thinking: 'forward',
  documents: 'forward',
  citation_options: 'forward',
  safety_mode: 'forward',
  priority: 'forward',
  strict_tools: (_, call) => strictTools(call),
  '*': 'drop',
}

/** The vendor takes at most five. */
const mostStops = 5

function stopSequences(value: unknown, call: Call<ChatRequest>): Members {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value]
  const texts = given.filter((text) => text !== '')
  if (texts.length > mostStops) call.dropped('stop')
  return texts.length === 0 ? {} : { stop_sequences: texts.slice(0, mostStops) }
}

/** From 0 to 1, and not both: one that asks for nothing is not sent, so that the other one can be. */
function penalty(name: string): ParameterRule {
  const rule = clamped(name, 0, 1)
  return (value, call) => {
    const members = applied(rule, value, call)
    return members?.[name] === 0 ? {} : members
  }
}

function positive(value: unknown): boolean {
  return typeof value === 'number' && value > 0
}

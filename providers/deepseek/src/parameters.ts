import {
  asksWithFunctions,
  type Call,
  type ChatRequest,
  isObject,
  kindOf,
  type Members,
  type ParameterRule,
  type ParameterRules,
  refuse,
  tokenLimit,
  toolWish,
} from '@llmproxy/provider-kit'
import { modelTraits } from './models.ts'

/** Stop sequences that the vendor takes. */
const mostStops = 16

/**
 * What becomes of each member of a chat request. Members that are not known here pass, since the vendor has some of its own
 * (`thinking`).
 */
export const parameters: ParameterRules = {
  ...tokenLimit('max_tokens'),
  temperature: unlessReasoner('temperature', 1),
  top_p: unlessReasoner('top_p', 1),
  n: 'refuse',
  stop: (stop, call) => {
    if (!Array.isArray(stop) || stop.length <= mostStops) return { stop }
    call.dropped('stop')
    return { stop: stop.slice(0, mostStops) }
  },
  seed: 'drop',
  frequency_penalty: unlessReasoner('frequency_penalty', 0),
  presence_penalty: unlessReasoner('presence_penalty', 0),
  logit_bias: 'drop',
  logprobs: unlessReasoner('logprobs', false),
  top_logprobs: unlessReasoner('top_logprobs', 0),
  tools: 'forward',
  tool_choice: toolChoice,
  parallel_tool_calls: 'drop',
  functions: oldFunctions,
  function_call: oldChoice,
  response_format: responseFormat,
  reasoning_effort: reasoningEffort,
  verbosity: 'drop',
  user: 'drop',
  safety_identifier: 'drop',
  metadata: 'drop',
  store: 'drop',
  service_tier: 'drop',
  modalities: 'drop',
  audio: 'drop',
  prediction: 'drop',
  prompt_cache_key: 'drop',
  prompt_cache_retention: 'drop',
  prompt_cache_options: 'drop',
  web_search_options: 'drop',
  moderation: 'drop',
  '*': 'forward',
}

/** Models that always reason ignore sampling, and refuse log probabilities. `usual` asks for what they do anyway. */
function unlessReasoner(name: string, usual: unknown): ParameterRule {
  return (value, { model }) => {
    if (!modelTraits(model).reasoner) return { [name]: value }
    return value === usual ? {} : undefined
  }
}

function reasoningEffort(effort: unknown, { model, body }: Call<ChatRequest>): Members | undefined {
  const { reasoner, thinking } = modelTraits(model)
  // A model that never reasons does what `none` asks for.
  if (!thinking) return effort === 'none' && !reasoner ? {} : undefined
  const asked = isObject(body['thinking'])
  if (effort === 'none') return asked ? undefined : { thinking: { type: 'disabled' } }
  return { reasoning_effort: effort, ...(!asked && { thinking: { type: 'enabled' } }) }
}

/** A schema cannot be enforced; the messages tell it to the model, and what comes is JSON in any case. */
function responseFormat(format: unknown, call: Call<ChatRequest>): Members {
  if (!isObject(format)) throw refuse('response_format', `must be an object, found ${kindOf(format)}`)
  const { type } = format
  if (type === 'text' || type === 'json_object') return { response_format: format }
  if (type !== 'json_schema')
    throw refuse(
      'response_format.type',
      `must be text, json_object or json_schema, found ${JSON.stringify(type)}`,
    )
  call.dropped('response_format')
  return { response_format: { type: 'json_object' } }
}

/** A set of allowed tools is those tools alone, as the vendor takes it. */
function toolChoice(choice: unknown, { body }: Call<ChatRequest>): Members {
  if (!isObject(choice) || choice['type'] !== 'allowed_tools') return { tool_choice: choice }
  const wish = toolWish(body)
  const allowed = wish !== undefined && 'named' in wish ? wish.named : []
  const tools: readonly unknown[] = Array.isArray(body.tools) ? body.tools : []
  const kept = tools.filter(
    (tool) =>
      isObject(tool) && isObject(tool['function']) && allowed.includes(String(tool['function']['name'])),
  )
  if (kept.length === 0) throw refuse('tool_choice.allowed_tools.tools', 'names none of the tools')
  return { tools: kept, tool_choice: wish?.mode ?? 'auto' }
}

/** The form of tools that OpenAI deprecated. Beside `tools` it says nothing. */
function oldFunctions(functions: unknown, { body }: Call<ChatRequest>): Members | undefined {
  if (!Array.isArray(functions)) throw refuse('functions', `must be an array, found ${kindOf(functions)}`)
  if (functions.length === 0) return {}
  if (!asksWithFunctions(body)) return undefined
  return { tools: functions.map((called: unknown) => ({ type: 'function', function: called })) }
}

function oldChoice(choice: unknown, { body }: Call<ChatRequest>): Members | undefined {
  if ((body.tool_choice ?? undefined) !== undefined || !asksWithFunctions(body)) return undefined
  return { tool_choice: isObject(choice) ? { type: 'function', function: choice } : choice }
}

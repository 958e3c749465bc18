import { type Call, type ChatRequest, parameterMembers, type UpstreamRequest } from '@llmproxy/provider-kit'
import { betaHeader } from './betas.ts'
import { conversationOf } from './messages.ts'
import { type ModelTraits, modelTraits } from './models.ts'
import type { Options } from './options.ts'
import { parameters } from './parameters.ts'
import { isThinking, type ReasoningPlan, reasoningPlan } from './reasoning.ts'
import { numberAt, samplingOf } from './sampling.ts'
import { type OutputPlan, outputPlan } from './structured-output.ts'
import { isForced } from './tool-choice.ts'
import { toolSettings } from './tool-settings.ts'
import { type Conversation, isObject, type JsonObject, type ToolChoiceParam } from './wire.ts'

type ChatCall = Call<ChatRequest>

/** Builds `POST /v1/messages`. `messages` stands last, so that a growing conversation keeps its serialised prefix. */
export function messagesRequest(call: ChatCall, options: Options): UpstreamRequest {
  const traits = modelTraits(call.model)
  const members = parameterMembers(call, parameters)
  const output = outputPlan(call.body, traits, call)
  const conversation = conversationOf(call.body.messages, call, traits.prefill)
  const tools = toolSettings(call, traits, output)
  const maxTokens = maxTokensOf(call, traits, options)
  const reasoning = plannedReasoning(call, traits, { maxTokens, conversation, choice: tools.tool_choice })
  const system = output.system === undefined ? conversation.system : [...conversation.system, output.system]
  const body = {
    model: call.model,
    max_tokens: maxTokens,
    ...(call.stream ? { stream: true } : {}),
    ...samplingOf(call.body, traits, isThinking(reasoning), call),
    ...members,
    ...(reasoning.thinking === undefined ? {} : { thinking: reasoning.thinking }),
    ...outputConfig(call, reasoning, output),
    ...tools,
    ...(system.length === 0 ? {} : { system }),
    messages: conversation.turns,
  }
  const headers = betaHeader(options.beta, call.headers['anthropic-beta'], body)
  return { path: '/v1/messages', headers: { 'anthropic-version': options.version, ...headers }, body }
}

/** The required `max_tokens`: the client's, the configured one, or the model's cap. */
export function maxTokensOf(call: ChatCall, traits: ModelTraits, options: Options): number {
  const current = numberAt(call.body, 'max_completion_tokens')
  const deprecated = numberAt(call.body, 'max_tokens')
  if (current !== undefined && deprecated !== undefined && current !== deprecated) call.dropped('max_tokens')
  const byModel = options.max_tokens_by_model
  const configured = Object.hasOwn(byModel, call.model) ? byModel[call.model] : options.max_tokens
  return current ?? deprecated ?? configured ?? traits.outputCap
}

interface ReasoningScene {
  readonly maxTokens: number
  readonly conversation: Conversation
  readonly choice: ToolChoiceParam | undefined
}

function plannedReasoning(call: ChatCall, traits: ModelTraits, scene: ReasoningScene): ReasoningPlan {
  const { turns } = scene.conversation
  const inToolLoop = turns.at(-1)?.content[0]?.type === 'tool_result'
  const plan = reasoningPlan(
    {
      effort: call.body.reasoning_effort,
      thinking: call.body['thinking'],
      maxTokens: scene.maxTokens,
      blocked: isForced(scene.choice) || turns.at(-1)?.role === 'assistant',
      unreplayed: inToolLoop && turns.at(-2)?.content[0]?.type.endsWith('thinking') !== true,
    },
    traits,
  )
  if (plan.lossy) call.dropped('reasoning_effort')
  return plan
}

function outputConfig(
  call: ChatCall,
  reasoning: ReasoningPlan,
  output: OutputPlan,
): { output_config?: JsonObject } {
  const given: unknown = call.body['output_config']
  const own = isObject(given) ? given : {}
  if ('effort' in own && reasoning.effort !== undefined && own['effort'] !== reasoning.effort) {
    call.dropped('reasoning_effort')
  }
  if ('format' in own && output.format !== undefined) call.dropped('response_format')
  const config = {
    ...(reasoning.effort === undefined ? {} : { effort: reasoning.effort }),
    ...(output.format === undefined ? {} : { format: output.format }),
    ...own,
  }
  return Object.keys(config).length === 0 ? {} : { output_config: config }
}

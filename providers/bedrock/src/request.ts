import {
  type Call,
  type ChatRequest,
  type JsonObject,
  type Members,
  parameterMembers,
  refuse,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import { conversationOf } from './messages.ts'
import { modelTraits } from './models.ts'
import { parameters } from './parameters.ts'
import { isThinking, type ReasoningPlan, reasoningPlan } from './reasoning.ts'
import { samplingOf } from './sampling.ts'
import { isForced, type ToolConfig, toolConfig } from './tools.ts'
import type { Conversation } from './wire.ts'

/** Builds `POST /model/{id}/converse` or `…/converse-stream`. */
export function converseRequest(call: Call<ChatRequest>): UpstreamRequest {
  const members = parameterMembers(call, parameters)
  const conversation = conversationOf(call.body.messages, call)
  const tools = toolConfig(call, conversation.called)
  const own = (members['additionalModelRequestFields'] ?? {}) as JsonObject
  const reasoning = plannedReasoning(call, members, { conversation, tools })
  const fields = { ...reasoning.fields, ...own }
  if (reasoning.lossy || Object.keys(reasoning.fields).some((name) => Object.hasOwn(own, name)))
    call.dropped('reasoning_effort')
  const inferenceConfig = inference(call, members, isThinking(fields))
  const body = {
    ...(conversation.system.length > 0 && { system: conversation.system }),
    messages: conversation.turns,
    ...(Object.keys(inferenceConfig).length > 0 && { inferenceConfig }),
    ...(tools && { toolConfig: tools }),
    ...(Object.keys(fields).length > 0 && { additionalModelRequestFields: fields }),
    ...(members['guardrailConfig'] !== undefined && { guardrailConfig: members['guardrailConfig'] }),
  }
  return { path: modelPath(call.model, call.stream ? 'converse-stream' : 'converse'), body }
}

/** The path of an action of a model. An id may be an ARN, slashes included. */
export function modelPath(model: string, action: string): string {
  // Alone these two survive the encoding, and mean another path.
  if (model === '.' || model === '..') throw refuse('model', `${JSON.stringify(model)} is not a model id`)
  if (!model.isWellFormed()) throw refuse('model', 'has half of a character in it')
  return `/model/${encodeURIComponent(model)}/${action}`
}

interface Scene {
  readonly conversation: Conversation
  readonly tools: ToolConfig | undefined
}

function plannedReasoning(call: Call<ChatRequest>, members: Members, scene: Scene): ReasoningPlan {
  const { turns } = scene.conversation
  const { maxTokens } = members
  const inToolLoop = turns.at(-1)?.content[0]?.['toolResult'] !== undefined
  const replayed = turns.at(-2)?.content[0]?.['reasoningContent'] !== undefined
  return reasoningPlan(
    {
      effort: call.body.reasoning_effort,
      maxTokens: typeof maxTokens === 'number' ? maxTokens : undefined,
      blocked: isForced(scene.tools) || turns.at(-1)?.role === 'assistant',
      unreplayed: inToolLoop && !replayed,
    },
    modelTraits(call.model),
  )
}

function inference(call: Call<ChatRequest>, members: Members, thinking: boolean): Members {
  const { maxTokens, stopSequences } = members
  return {
    ...(maxTokens !== undefined && { maxTokens }),
    ...samplingOf(members, { traits: modelTraits(call.model), thinking, report: call }),
    ...(stopSequences !== undefined && { stopSequences }),
  }
}

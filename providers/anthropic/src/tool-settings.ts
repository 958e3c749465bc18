import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import type { ModelTraits } from './models.ts'
import type { OutputPlan } from './structured-output.ts'
import { allowedTools, isForced, toolWish } from './tool-choice.ts'
import { toolDefinitions, usesLegacyFunctions } from './tools.ts'
import type { ToolChoiceParam, ToolDefinition } from './wire.ts'

/** The part of the body that is about tools; empty when there are none. */
export interface ToolSettings {
  readonly tools?: readonly ToolDefinition[]
  readonly tool_choice?: ToolChoiceParam
}

/** Tools and how they may be used, the answer tool of older models included. Without tools a choice is not sent. */
export function toolSettings(call: Call<ChatRequest>, traits: ModelTraits, output: OutputPlan): ToolSettings {
  const wish = toolWish(call.body)
  const { tool_choice: chosen, function_call: former } = call.body
  // The newer one wins.
  if (chosen !== undefined && chosen !== null && former !== undefined && former !== null)
    call.dropped('function_call')
  const own = allowedTools(toolDefinitions(call.body, traits, call), wish)
  if (output.tool !== undefined) return answerToolSettings(own, output.tool, wish.choice)
  if (own.length === 0) {
    if (isForced(wish.choice)) call.dropped('tool_choice')
    return {}
  }
  const oneAtATime = call.body.parallel_tool_calls === false || usesLegacyFunctions(call.body)
  const choice = wish.choice ?? (oneAtATime ? { type: 'auto' as const } : undefined)
  if (choice === undefined) return { tools: own }
  const limited = oneAtATime && choice.type !== 'none'
  return { tools: own, tool_choice: limited ? { ...choice, disable_parallel_tool_use: true } : choice }
}

function answerToolSettings(
  own: readonly ToolDefinition[],
  answer: ToolDefinition,
  wish: ToolChoiceParam | undefined,
): ToolSettings {
  const onlyAnswer = wish?.type === 'none' || own.length === 0
  const choice = onlyAnswer ? { type: 'tool' as const, name: answer.name } : { type: 'any' as const }
  return { tools: [...own, answer], tool_choice: { ...choice, disable_parallel_tool_use: true } }
}

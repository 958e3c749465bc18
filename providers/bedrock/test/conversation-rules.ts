import type { ConverseBody } from './request-schema.ts'

type Turn = ConverseBody['messages'][number]

/** The rules of the model that the simulator plays, a Claude model with a budget for thinking. */
export function conversationProblem(body: ConverseBody): string | undefined {
  const { messages, toolConfig } = body
  if (messages[0]?.role !== 'user') return 'A conversation must start with a user message.'
  const usesTools = messages.some((turn) => usesOf(turn).length + resultsOf(turn).length > 0)
  if (usesTools && toolConfig === undefined)
    return 'The toolConfig field must be defined when using toolUse and toolResult content blocks.'
  const ids = messages.flatMap(usesOf)
  if (new Set(ids).size !== ids.length) return 'toolUse ids must be unique'
  const names = messages.flatMap(documentsOf)
  if (new Set(names).size !== names.length) return 'document names must be unique'
  const broken = messages.map((turn, index) => turnProblem(turn, messages[index - 1])).find(Boolean)
  const last = messages.at(-1)
  if (last !== undefined && usesOf(last).length > 0) return 'Expected toolResult blocks after toolUse blocks.'
  return broken ?? choiceProblem(body) ?? thinkingProblem(body)
}

function turnProblem(turn: Turn, before: Turn | undefined): string | undefined {
  if (turn.role === before?.role) return 'A conversation must alternate between user and assistant roles.'
  const expected = before === undefined ? [] : usesOf(before)
  const found = resultsOf(turn)
  if (expected.toSorted().join() !== found.toSorted().join())
    return 'Expected toolResult blocks for exactly the toolUse blocks of the previous turn.'
  const firstOther = turn.content.findIndex((block) => !('toolResult' in block) && !('cachePoint' in block))
  const lastResult = turn.content.findLastIndex((block) => 'toolResult' in block)
  if (firstOther !== -1 && firstOther < lastResult) return 'toolResult blocks must come first.'
  return undefined
}

function choiceProblem({ toolConfig }: ConverseBody): string | undefined {
  const choice = toolConfig?.toolChoice
  if (choice === undefined || !('tool' in choice)) return undefined
  const names = toolConfig?.tools.map((tool) => ('toolSpec' in tool ? tool.toolSpec.name : undefined))
  return names?.includes(choice.tool.name) === true ? undefined : 'the chosen tool is not among the tools'
}

function thinkingProblem(body: ConverseBody): string | undefined {
  const { inferenceConfig: inference, toolConfig, additionalModelRequestFields: fields } = body
  if ((inference?.temperature ?? 0) > 1) return 'temperature: range: 0..1'
  if (inference?.temperature !== undefined && inference.topP !== undefined)
    return '`temperature` and `top_p` cannot both be specified for this model.'
  const thinking = fields?.['thinking'] as { budget_tokens?: number } | undefined
  if (thinking === undefined) return undefined
  if ((thinking.budget_tokens ?? 0) < 1024) return 'thinking.budget_tokens: at least 1024'
  if (inference?.maxTokens !== undefined && inference.maxTokens <= (thinking.budget_tokens ?? 0))
    return '`max_tokens` must be greater than `thinking.budget_tokens`.'
  if (inference?.temperature !== undefined || inference?.topP !== undefined)
    return '`temperature` may only be set to 1 when thinking is enabled.'
  const choice = toolConfig?.toolChoice
  if (choice !== undefined && !('auto' in choice))
    return 'Thinking may not be enabled when tool_choice forces tool use.'
  return unsignedProblem(body)
}

/** A tool loop that goes on must begin with the thinking that led into it. */
function unsignedProblem({ messages }: ConverseBody): string | undefined {
  const [before, last] = messages.slice(-2)
  const loops = last !== undefined && resultsOf(last).length > 0
  const first = before?.content[0]
  return loops && first !== undefined && !('reasoningContent' in first)
    ? 'Expected `thinking` or `redacted_thinking`, but found something else.'
    : undefined
}

function usesOf({ content }: Turn): string[] {
  return content.flatMap((block) => ('toolUse' in block ? [block.toolUse.toolUseId] : []))
}

function resultsOf({ content }: Turn): string[] {
  return content.flatMap((block) => ('toolResult' in block ? [block.toolResult.toolUseId] : []))
}

function documentsOf({ content }: Turn): string[] {
  return content.flatMap((block) => ('document' in block ? [block.document.name] : []))
}

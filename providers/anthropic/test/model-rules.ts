import type { MessagesBody } from './request-schema.ts'

/** What a model of the simulator is like. */
interface Model {
  readonly cap: number
  /** Adaptive thinking, no prefill. */
  readonly adaptive?: true
  /** Sampling cannot be changed. */
  readonly fixed?: true
}

/** The models that the simulated vendor has. */
export const models: ReadonlyMap<string, Model> = new Map<string, Model>([
  ['claude-sonnet-4-5', { cap: 64_000 }],
  ['claude-3-haiku-20240307', { cap: 4096 }],
  ['claude-sonnet-4-6', { cap: 128_000, adaptive: true }],
  ['claude-opus-5', { cap: 128_000, adaptive: true, fixed: true }],
])

/** What is wrong with a body whose fields are fine one by one. */
export function modelProblem(body: MessagesBody): string | undefined {
  const model = models.get(body.model)
  if (model === undefined) return `model: ${body.model}`
  const rules = [capProblem, samplingProblem, thinkingProblem, toolProblem, prefillProblem, cacheProblem]
  return rules.map((rule) => rule(body, model)).find((problem) => problem !== undefined)
}

function capProblem({ max_tokens: asked, model: id }: MessagesBody, { cap }: Model): string | undefined {
  if (asked <= cap) return undefined
  return `max_tokens: ${asked} > ${cap}, which is the maximum allowed number of output tokens for ${id}`
}

function samplingProblem(body: MessagesBody, { fixed }: Model): string | undefined {
  const { temperature, top_p: topP, top_k: topK } = body
  if (temperature !== undefined && topP !== undefined)
    return '`temperature` and `top_p` cannot both be specified for this model'
  if (!fixed) return undefined
  if (temperature !== undefined && temperature !== 1) return '`temperature` is not supported by this model'
  if (topP !== undefined && topP < 0.99) return '`top_p` is not supported by this model'
  return topK === undefined ? undefined : '`top_k` is not supported by this model'
}

function thinkingProblem(body: MessagesBody, { adaptive }: Model): string | undefined {
  const { thinking, tool_choice: choice, temperature, top_p: topP, top_k: topK } = body
  if (thinking === undefined || thinking.type === 'disabled') return undefined
  if (thinking.type === 'adaptive' && !adaptive) return 'adaptive thinking is not supported on this model'
  if (thinking.type === 'enabled') {
    if (adaptive) return '"thinking.type.enabled" is not supported for this model'
    if (thinking.budget_tokens >= body.max_tokens)
      return '`max_tokens` must be greater than `thinking.budget_tokens`'
  }
  if (choice?.type === 'any' || choice?.type === 'tool')
    return 'Thinking may not be enabled when tool_choice forces tool use.'
  if ((temperature ?? 1) !== 1 || topP !== undefined || topK !== undefined)
    return 'sampling parameters may not be set when thinking is enabled'
  return undefined
}

function toolProblem({ tools = [], tool_choice: choice }: MessagesBody): string | undefined {
  if (choice === undefined) return undefined
  if (tools.length === 0) return 'tool_choice: may only be specified while providing tools'
  if (choice.type === 'tool' && tools.every(({ name }) => name !== choice.name))
    return `tool_choice: tool '${choice.name}' not found in provided tools`
  return undefined
}

function prefillProblem({ messages }: MessagesBody, { adaptive }: Model): string | undefined {
  const last = messages.at(-1)
  if (last?.role !== 'assistant') return undefined
  if (adaptive)
    return 'This model does not support assistant message prefill. The conversation must end with a user message.'
  const block = typeof last.content === 'string' ? last.content : last.content.at(-1)
  const text = typeof block === 'string' ? block : block?.type === 'text' ? block.text : ''
  return text === text.trimEnd() ? undefined : 'final assistant content cannot end with trailing whitespace'
}

function cacheProblem(body: MessagesBody): string | undefined {
  const marks = JSON.stringify(body).split('"cache_control":').length - 1
  return marks > 4 ? `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.` : undefined
}

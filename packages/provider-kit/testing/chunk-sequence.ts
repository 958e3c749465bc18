import { describe, isObject } from './wire-rules.ts'
import { wireProblems } from './wire-validator.ts'

/** What a client has put together from chunks of one choice. */
export interface CollectedChoice {
  readonly roles: number
  readonly content: string
  readonly refusal: string
  readonly reasoning: string
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly finishReasons: readonly string[]
}

interface Draft {
  roles: number
  content: string
  refusal: string
  reasoning: string
  toolCalls: { id: string; name: string; arguments: string }[]
  finishReasons: string[]
  problems: string[]
  started: boolean
}

type JsonObject = Readonly<Record<string, unknown>>

/** Puts chunks together as an OpenAI client does, by choice index. Ignores what is malformed. */
export function collectChunks(chunks: readonly unknown[]): ReadonlyMap<number, CollectedChoice> {
  const choices = new Map<number, CollectedChoice>()
  for (const [index, draft] of draftChoices(chunks)) {
    const { roles, content, refusal, reasoning, toolCalls, finishReasons } = draft
    choices.set(index, { roles, content, refusal, reasoning, toolCalls, finishReasons })
  }
  return choices
}

/**
 * What an OpenAI client would stumble over in a whole stream: malformed chunks, a changing id, model or time, a role that
 * is missing or repeated, tool calls that are not dense from 0, not exactly one finish reason, something after it.
 */
export function chunkSequenceProblems(
  chunks: readonly unknown[],
  operation: 'chat' | 'completions' = 'chat',
): string[] {
  const problems = chunks.flatMap((chunk, index) =>
    wireProblems(`${operation}.chunk`, chunk).map((problem) => `chunk ${index}: ${problem}`),
  )
  problems.push(...constancyProblems(chunks), ...usageProblems(chunks))
  const choices = draftChoices(chunks)
  if (choices.size === 0) problems.push('no choice in the whole stream')
  for (const [index, draft] of choices) {
    for (const problem of choiceProblems(draft, operation)) problems.push(`choice ${index}: ${problem}`)
  }
  return problems
}

function constancyProblems(chunks: readonly unknown[]): string[] {
  return ['id', 'created', 'model'].flatMap((member) => {
    const values = new Set(chunks.map((chunk) => JSON.stringify(isObject(chunk) ? chunk[member] : undefined)))
    return values.size > 1 ? [`${member} changes within the stream: ${[...values].join(', ')}`] : []
  })
}

function usageProblems(chunks: readonly unknown[]): string[] {
  const places = chunks.flatMap((chunk, index) => (isUsageChunk(chunk) ? [index] : []))
  if (places.length > 1) return [`${places.length} usage chunks`]
  return places.length === 1 && places[0] !== chunks.length - 1 ? ['the usage chunk is not the last'] : []
}

/** A chunk without choices that carries usage: the one a client gets only when it asked. */
export function isUsageChunk(chunk: unknown): boolean {
  return (
    isObject(chunk) &&
    isObject(chunk['usage']) &&
    Array.isArray(chunk['choices']) &&
    chunk['choices'].length === 0
  )
}

function choiceProblems(draft: Draft, operation: 'chat' | 'completions'): string[] {
  const problems = [...draft.problems]
  if (draft.finishReasons.length !== 1)
    problems.push(`${draft.finishReasons.length} finish reasons instead of one`)
  if (operation === 'chat' && draft.roles !== 1) problems.push(`${draft.roles} role deltas instead of one`)
  if (draft.finishReasons.includes('tool_calls')) {
    if (draft.toolCalls.length === 0) problems.push('finish_reason tool_calls without a tool call')
    for (const call of draft.toolCalls) {
      if (!isJson(call.arguments))
        problems.push(`tool call ${call.id}: arguments are not JSON: ${call.arguments}`)
    }
  }
  return problems
}

function draftChoices(chunks: readonly unknown[]): Map<number, Draft> {
  const drafts = new Map<number, Draft>()
  for (const chunk of chunks) {
    if (!isObject(chunk) || !Array.isArray(chunk['choices'])) continue
    for (const choice of chunk['choices'] as unknown[]) {
      if (!isObject(choice)) continue
      const index = Number(choice['index'])
      const draft = drafts.get(index) ?? newDraft()
      drafts.set(index, draft)
      addChoice(draft, choice)
    }
  }
  return drafts
}

function newDraft(): Draft {
  return {
    roles: 0,
    content: '',
    refusal: '',
    reasoning: '',
    toolCalls: [],
    finishReasons: [],
    problems: [],
    started: false,
  }
}

function addChoice(draft: Draft, choice: JsonObject): void {
  const delta = isObject(choice['delta']) ? choice['delta'] : {}
  if (draft.finishReasons.length > 0 && choice['finish_reason'] === null) {
    draft.problems.push('a delta after the finish reason')
  }
  if (delta['role'] !== undefined) {
    draft.roles += 1
    if (draft.started) draft.problems.push('the role is not in the first delta')
  }
  draft.started = true
  draft.content += textOf(choice['text']) + textOf(delta['content'])
  draft.refusal += textOf(delta['refusal'])
  draft.reasoning += textOf(delta['reasoning_content'])
  if (Array.isArray(delta['tool_calls'])) {
    for (const call of delta['tool_calls'] as unknown[]) if (isObject(call)) addToolCall(draft, call)
  }
  if (typeof choice['finish_reason'] === 'string') draft.finishReasons.push(choice['finish_reason'])
}

function addToolCall(draft: Draft, delta: JsonObject): void {
  const index = Number(delta['index'])
  const fields = isObject(delta['function']) ? delta['function'] : {}
  const known = draft.toolCalls[index]
  if (known !== undefined) {
    if (delta['id'] !== undefined && delta['id'] !== known.id) {
      draft.problems.push(`tool call ${index} changes its id from ${known.id} to ${describe(delta['id'])}`)
    }
    known.arguments += textOf(fields['arguments'])
    return
  }
  if (index !== draft.toolCalls.length) {
    draft.problems.push(`tool call index ${index} where ${draft.toolCalls.length} comes next`)
  }
  if (textOf(delta['id']) === '' || textOf(fields['name']) === '') {
    draft.problems.push(`the first delta of tool call ${index} lacks its id or name`)
  }
  const call = {
    id: textOf(delta['id']),
    name: textOf(fields['name']),
    arguments: textOf(fields['arguments']),
  }
  draft.toolCalls.splice(index, 0, call)
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

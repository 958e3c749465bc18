import { type Call, finishReason, isObject, type JsonObject, mendedCompletion } from '@llmproxy/provider-kit'

const reasoningNames = ['reasoning', 'reasoning_text', 'thinking'] as const

/** What a relayed chat answer needs before typed clients can read it. */
export type Mending =
  /** Top-level members that are missing or wrong: they can be spliced into the upstream's bytes. */
  | { readonly kind: 'head'; readonly members: JsonObject }
  /** A choice has a defect: the answer is written anew. */
  | { readonly kind: 'whole'; readonly answer: JsonObject }

/**
 * The defects of a relayed chat answer that clients stumble over, mended; `undefined` when there are none. Edits `answer` when it is
 * written anew. Throws a `ProviderFault` when a choice says that it broke off.
 */
export function mendWhole(answer: JsonObject, call: Call): Mending | undefined {
  const { choices } = answer
  if (Array.isArray(choices) && !choices.every(isSoundChoice))
    return { kind: 'whole', answer: mendedCompletion(answer, call) }
  const members = missingHead(answer, call)
  return members === undefined ? undefined : { kind: 'head', members }
}

function missingHead({ id, object, created, model }: JsonObject, call: Call): JsonObject | undefined {
  const members = {
    ...(!(typeof id === 'string' && id !== '') && { id: `chatcmpl-${call.id}` }),
    ...(object !== 'chat.completion' && { object: 'chat.completion' }),
    ...(typeof created !== 'number' && { created: call.created }),
    ...(!(typeof model === 'string' && model !== '') && { model: call.model }),
  }
  return Object.keys(members).length === 0 ? undefined : members
}

function isSoundChoice(choice: unknown): boolean {
  if (!isObject(choice) || !Number.isInteger(choice['index']) || !isObject(choice['message'])) return false
  if (choice['error'] !== undefined || choice['delta'] !== undefined) return false
  const { role, content, tool_calls: calls, reasoning_content: reasoning } = choice['message']
  if (role !== 'assistant' || content === undefined) return false
  if (typeof reasoning !== 'string' && reasoningNames.some((name) => isText(choice['message'], name)))
    return false
  const calling = Array.isArray(calls) && calls.length > 0
  if (calling && !calls.every(isSoundCall)) return false
  const verdict = finishReason(choice['finish_reason'])
  return (
    verdict.kind === 'finish' &&
    verdict.reason === choice['finish_reason'] &&
    !(calling && verdict.reason === 'stop')
  )
}

function isText(message: unknown, name: string): boolean {
  return isObject(message) && typeof message[name] === 'string' && message[name] !== ''
}

function isSoundCall(call: unknown): boolean {
  if (!isObject(call) || typeof call['id'] !== 'string' || call['id'] === '') return false
  if (call['type'] !== 'function') return typeof call['type'] === 'string'
  const called = call['function']
  return (
    isObject(called) &&
    typeof called['arguments'] === 'string' &&
    called['arguments'] !== '' &&
    called['arguments'] !== 'null'
  )
}

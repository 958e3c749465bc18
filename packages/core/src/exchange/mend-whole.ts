import { type Call, finishReason, isObject, type JsonObject, mendedCompletion } from '@llmproxy/provider-kit'

const reasoningNames = ['reasoning', 'reasoning_text', 'thinking'] as const

/**
 * A relayed chat answer without the defects that typed clients stumble over. The same object when it has none, so that the
 * upstream's bytes can stay. Throws a `ProviderFault` when a choice says that it broke off.
 */
export function mendWhole(answer: JsonObject, call: Call): JsonObject {
  return isSound(answer) ? answer : mendedCompletion(answer, call)
}

function isSound({ id, object, created, model, choices }: JsonObject): boolean {
  return (
    typeof id === 'string' &&
    id !== '' &&
    object === 'chat.completion' &&
    typeof created === 'number' &&
    typeof model === 'string' &&
    Array.isArray(choices) &&
    choices.every(isSoundChoice)
  )
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

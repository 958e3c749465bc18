import { isObject, type JsonObject, kindOf, parsedArguments, refuse, stringAt } from '@llmproxy/provider-kit'
import { contentParts, textParts } from './content.ts'
import type { Draft } from './messages.ts'
import { signatureOf, unsigned } from './signature.ts'

/** An assistant message as parts of the model: its text, then its function calls. Remembers the calls for their results. */
export function assistantParts(draft: Draft, message: JsonObject, path: string): JsonObject[] {
  const refusal = typeof message['refusal'] === 'string' ? textParts(message['refusal']) : []
  const spoken = [...contentParts(message['content'], `${path}.content`, draft.report), ...refusal]
  return [...signedText(spoken, message), ...callParts(draft, message, path)]
}

/** The signature of an answer without calls stood on its last text. */
function signedText(parts: readonly JsonObject[], message: JsonObject): readonly JsonObject[] {
  const thoughtSignature = signatureOf(message)
  const last = parts.at(-1)
  return thoughtSignature === undefined || last === undefined || !('text' in last)
    ? parts
    : [...parts.slice(0, -1), { ...last, thoughtSignature }]
}

function callParts(draft: Draft, message: JsonObject, path: string): JsonObject[] {
  const calls = message['tool_calls'] ?? []
  if (!Array.isArray(calls)) throw refuse(`${path}.tool_calls`, `must be an array, found ${kindOf(calls)}`)
  const parts = calls.map((call: unknown, index) => callPart(draft, call, `${path}.tool_calls[${index}]`))
  const [first, ...others] = parts
  // Of parallel calls only the first one is signed.
  const signed = !draft.signedCalls || parts.some((part) => 'thoughtSignature' in part)
  return signed || first === undefined ? parts : [{ ...first, thoughtSignature: unsigned }, ...others]
}

function callPart(draft: Draft, call: unknown, path: string): JsonObject {
  if (!isObject(call)) throw refuse(path, `must be an object, found ${kindOf(call)}`)
  const called = call['function']
  if (!isObject(called)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(called)}`)
  const thoughtSignature = signatureOf(call)
  const part = functionCall(draft, called, call['id'], `${path}.function`)
  return thoughtSignature === undefined ? part : { ...part, thoughtSignature }
}

function functionCall(draft: Draft, called: JsonObject, id: unknown, path: string): JsonObject {
  const name = stringAt(called, 'name', path)
  draft.callCount += 1
  if (typeof id === 'string') draft.calls.set(id, { name, position: draft.callCount })
  return { functionCall: { name, args: parsedArguments(called['arguments'], `${path}.arguments`) } }
}

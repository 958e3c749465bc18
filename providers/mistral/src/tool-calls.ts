import { isObject, kindOf, parsedArguments, refuse, stringAt } from '@llmproxy/provider-kit'
import { callId } from './call-ids.ts'

/**
 * The calls of an assistant message as the vendor takes them: the same array when nothing in it has to change, `undefined` for none.
 * Throws a refusal, with its path, for what is no call of a function.
 */
export function writtenCalls(given: unknown, path: string): unknown {
  if (given === undefined || given === null) return undefined
  if (!Array.isArray(given)) throw refuse(path, `must be an array, found ${kindOf(given)}`)
  if (given.length === 0) return undefined
  const calls = given.map((called: unknown, index) => writtenCall(called, `${path}[${index}]`))
  return calls.every((called, index) => called === given[index]) ? given : calls
}

function writtenCall(called: unknown, path: string): object {
  if (!isObject(called)) throw refuse(path, `must be an object, found ${kindOf(called)}`)
  const named = called['function']
  if (!isObject(named)) throw refuse(`${path}.function`, `must be an object, found ${kindOf(named)}`)
  const { arguments: text } = named
  const said = typeof text === 'string' && text !== '' && text !== 'null'
  const plain = said ? text : JSON.stringify(parsedArguments(text, `${path}.function.arguments`))
  const id = callId(stringAt(called, 'id', path))
  const name = stringAt(named, 'name', `${path}.function`)
  const same =
    called['id'] === id &&
    text === plain &&
    called['type'] === 'function' &&
    isBare(called, 3) &&
    isBare(named, 2)
  return same ? called : { id, type: 'function', function: { name, arguments: plain } }
}

/** Whether there are no members beside those that are known to be there. */
function isBare(holder: object, count: number): boolean {
  return Object.keys(holder).length === count
}

import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { contentParts, type Reporter } from './content.ts'

/** The result of a call. `others` are its images and files, for which a function response has no room. */
export function functionResponse(
  name: string,
  message: JsonObject,
  path: string,
  report: Reporter,
): { part: JsonObject; others: JsonObject[] } {
  const parts = contentParts(message['content'], `${path}.content`, report)
  const text = parts.flatMap((part) => (typeof part['text'] === 'string' ? [part['text']] : [])).join('\n')
  const others = parts.filter((part) => !('text' in part))
  return { part: { functionResponse: { name, response: responseOf(text) } }, others }
}

/** The vendor wants an object: a result that is one goes as it is, anything else under `result`. */
function responseOf(text: string): JsonObject {
  // Numbers of more than 15 digits would be rounded on the way.
  if (!/^\s*\{/.test(text) || /\d{16}/.test(text)) return { result: text }
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : { result: text }
  } catch {
    return { result: text }
  }
}

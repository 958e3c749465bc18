import { type Call, isObject, kindOf, notOffered, refuse } from '@llmproxy/provider-kit'

const textMembers: ReadonlySet<string> = new Set(['type', 'text', 'refusal'])

/** The text of a message whose content is made of parts, each on lines of its own. Throws for what is no text. */
export function textOfParts(parts: readonly unknown[], path: string, call: Pick<Call, 'dropped'>): string {
  return parts.map((part, index) => textOfPart(part, `${path}[${index}]`, call)).join('\n')
}

function textOfPart(part: unknown, path: string, call: Pick<Call, 'dropped'>): string {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  if (part['type'] === 'image_url') throw notOffered(path, 'this provider takes no images')
  const text = part['text'] ?? part['refusal']
  if (typeof text !== 'string')
    throw refuse(
      path,
      `parts of type ${JSON.stringify(part['type'])} are not supported by this provider; send text`,
    )
  for (const [name, value] of Object.entries(part))
    if (!textMembers.has(name) && value !== null && value !== undefined) call.dropped(`${path}.${name}`)
  return text
}

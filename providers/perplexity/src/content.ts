import {
  type AnyMessage,
  type Call,
  isObject,
  type JsonObject,
  kindOf,
  parseDataUrl,
  refuse,
} from '@llmproxy/provider-kit'

/** What a message says: one text, or parts when there is more than text. */
export type Content = string | readonly JsonObject[]

type Report = Pick<Call, 'dropped'>

/** The content of a message. Parts that are all text become one text; images and files stay parts. Throws refusals with the path. */
export function contentOf(message: AnyMessage, path: string, report: Report): Content {
  const { content } = message
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw refuse(`${path}.content`, `must be a string or an array of parts, found ${kindOf(content)}`)
  const parts = content.map((part: unknown, index) => mappedPart(part, `${path}.content[${index}]`, report))
  const texts = parts.map(({ type, text }) => (type === 'text' ? String(text) : undefined))
  return texts.every((text) => text !== undefined) ? texts.join('\n') : parts
}

/** Content that must be text. Throws a refusal for anything else. */
export function textOf(message: AnyMessage, path: string, report: Report): string {
  const content = contentOf(message, path, report)
  if (typeof content === 'string') return content
  const place = content.findIndex(({ type }) => type !== 'text')
  throw refuse(
    `${path}.content[${place}]`,
    `images and files are taken in messages of the user only, found them in one of role ${message.role}`,
  )
}

/** Both contents, one after the other; nothing is lost, and nothing is put where one of them is empty. */
export function joined(first: Content, second: Content): Content {
  if (first.length === 0) return second
  if (second.length === 0) return first
  if (typeof first === 'string' && typeof second === 'string') return `${first}\n\n${second}`
  return [...asParts(first), ...asParts(second)]
}

function asParts(content: Content): readonly JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : content
}

function mappedPart(part: unknown, path: string, report: Report): JsonObject {
  if (!isObject(part)) throw refuse(path, `must be an object, found ${kindOf(part)}`)
  const { type } = part
  switch (type) {
    case 'text':
    case 'refusal': {
      const text = part[type]
      if (typeof text !== 'string') throw refuse(`${path}.${type}`, `must be a string, found ${kindOf(text)}`)
      reportOthers(part, ['type', type], path, report)
      return { type: 'text', text }
    }
    case 'image_url':
      reportOthers(part, ['type', 'image_url'], path, report)
      return imagePart(part['image_url'], path, report)
    case 'file':
      reportOthers(part, ['type', 'file'], path, report)
      return filePart(part['file'], `${path}.file`)
    case 'file_url':
    case 'pdf_url':
    case 'video_url':
      return part
    default:
      throw refuse(`${path}.type`, `${JSON.stringify(type)} is not supported by this provider`)
  }
}

function imagePart(image: unknown, path: string, report: Report): JsonObject {
  const url = isObject(image) ? image['url'] : image
  if (typeof url !== 'string' || !/^(?:https:|data:image\/)/i.test(url))
    throw refuse(`${path}.image_url.url`, 'must be an https: URL or a data: URL of an image')
  const detail = isObject(image) ? image['detail'] : undefined
  if (detail !== undefined && detail !== null && detail !== 'auto') report.dropped(`${path}.image_url.detail`)
  return { type: 'image_url', image_url: { url } }
}

/** The vendor takes the bare base64 of a file, without the head of a data URL. */
function filePart(file: unknown, path: string): JsonObject {
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  const { file_data: given, filename } = file
  if (typeof given !== 'string' || given === '')
    throw refuse(`${path}.file_data`, 'is needed: ids of uploaded files mean nothing to this provider')
  const name = typeof filename === 'string' && filename !== '' ? { file_name: filename } : {}
  return { type: 'file_url', file_url: { url: bareFile(given, path) }, ...name }
}

function bareFile(given: string, path: string): string {
  if (!/^data:/i.test(given)) return given
  const parsed = parseDataUrl(given)
  if (parsed === undefined) throw refuse(`${path}.file_data`, 'is not a valid data URL')
  return parsed.base64 ? parsed.data : Buffer.from(parsed.data, 'utf8').toString('base64')
}

function reportOthers(part: JsonObject, known: readonly string[], path: string, report: Report): void {
  for (const [name, value] of Object.entries(part))
    if (!known.includes(name) && value !== undefined && value !== null) report.dropped(`${path}.${name}`)
}

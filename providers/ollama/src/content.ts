import {
  type Call,
  isObject,
  type JsonObject,
  kindOf,
  notOffered,
  parseDataUrl,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'

/** Where losses of translation are reported: a call. */
export type Reporter = Pick<Call, 'dropped'>

/** One part of a message: a text, or an image in base64. */
export type Part = { readonly text: string } | { readonly mediaType: string; readonly base64: string }

/** The content of a message as texts and images. Throws for what the server cannot take: another provider may. */
export function contentParts(content: unknown, path: string, report: Reporter): Part[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return [{ text: content }]
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content.map((part: unknown, index) => partOf(part, `${path}[${index}]`, report))
}

function partOf(part: unknown, path: string, report: Reporter): Part {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  switch (part['type']) {
    case 'text':
      return { text: stringAt(part, 'text', path) }
    case 'refusal':
      return { text: stringAt(part, 'refusal', path) }
    case 'image_url':
      return imagePart(part['image_url'], `${path}.image_url`, report)
    default:
      throw notOffered(
        `${path}.type`,
        `Ollama takes text and images, found ${JSON.stringify(part['type']) ?? 'nothing'}`,
      )
  }
}

function imagePart(image: unknown, path: string, report: Reporter): Part {
  const holder: JsonObject = isObject(image) ? image : { url: image }
  const url = stringAt(holder, 'url', path)
  const { detail } = holder
  if (detail !== undefined && detail !== null && detail !== 'auto') report.dropped(`${path}.detail`)
  if (!/^data:/i.test(url))
    throw notOffered(
      `${path}.url`,
      'Ollama fetches no URLs: send the image as a data URL (data:image/png;base64,…)',
    )
  const parsed = parseDataUrl(url)
  if (parsed === undefined) throw refuse(`${path}.url`, 'is not a valid data URL')
  const { mediaType, base64, data } = parsed
  if (!mediaType.startsWith('image/'))
    throw notOffered(`${path}.url`, `Ollama takes text and images, found ${JSON.stringify(mediaType)}`)
  return { mediaType, base64: base64 ? data : Buffer.from(data, 'utf8').toString('base64') }
}

import {
  type Call,
  isObject,
  type JsonObject,
  kindOf,
  parseDataUrl,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'

/** Where losses of translation are reported: a call. */
export type Reporter = Pick<Call, 'dropped'>

/** The content of a message as parts. Empty texts say nothing and are left out. Throws a refusal for what cannot be sent. */
export function contentParts(content: unknown, path: string, report: Reporter): JsonObject[] {
  if (content === undefined || content === null) return []
  if (typeof content === 'string') return textParts(content)
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content.flatMap((part: unknown, index) => partsOf(part, `${path}[${index}]`, report))
}

/** One text part, or none for an empty text. */
export function textParts(text: string): JsonObject[] {
  return text === '' ? [] : [{ text }]
}

function partsOf(part: unknown, path: string, report: Reporter): JsonObject[] {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  switch (part['type']) {
    case 'text':
      return textParts(stringAt(part, 'text', path))
    case 'refusal':
      return textParts(stringAt(part, 'refusal', path))
    case 'image_url':
      return [imagePart(part['image_url'], `${path}.image_url`, report)]
    case 'input_audio':
      return [audioPart(part['input_audio'], `${path}.input_audio`)]
    case 'file':
      return [filePart(part['file'], `${path}.file`)]
    default:
      throw refuse(
        `${path}.type`,
        `parts of type ${JSON.stringify(part['type'])} are not supported by this provider`,
      )
  }
}

function imagePart(image: unknown, path: string, report: Reporter): JsonObject {
  const url = typeof image === 'string' ? image : isObject(image) ? image['url'] : undefined
  if (typeof url !== 'string') throw refuse(`${path}.url`, `must be a string, found ${kindOf(url)}`)
  const detail = isObject(image) ? image['detail'] : undefined
  if (detail !== undefined && detail !== null && detail !== 'auto') report.dropped(`${path}.detail`)
  return /^data:/i.test(url) ? inlinePart(url, `${path}.url`) : remotePart(url, `${path}.url`)
}

/** The vendor fetches it. A name without an extension leaves it to the vendor what it finds there. */
function remotePart(url: string, path: string): JsonObject {
  if (!/^https:\/\//i.test(url)) throw refuse(path, 'must be an https: or data: URL')
  const extension = /\.([a-z0-9]{2,5})$/i.exec(url.replace(/[?#].*$/s, ''))?.[1]?.toLowerCase() ?? ''
  const mimeType = Object.hasOwn(mimeTypes, extension) ? mimeTypes[extension] : undefined
  return { fileData: { fileUri: url, ...(mimeType !== undefined && { mimeType }) } }
}

const mimeTypes: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  webp: 'image/webp',
  gif: 'image/gif',
  heic: 'image/heic',
  heif: 'image/heif',
  pdf: 'application/pdf',
  mp3: 'audio/mp3',
  wav: 'audio/wav',
  mp4: 'video/mp4',
}

function inlinePart(url: string, path: string): JsonObject {
  const parsed = parseDataUrl(url)
  if (parsed === undefined) throw refuse(path, 'is not a valid data URL (data:<media type>;base64,<data>)')
  const mimeType = parsed.mediaType === 'image/jpg' ? 'image/jpeg' : parsed.mediaType
  const data = parsed.base64 ? parsed.data : Buffer.from(parsed.data, 'utf8').toString('base64')
  return { inlineData: { mimeType, data } }
}

function audioPart(audio: unknown, path: string): JsonObject {
  if (!isObject(audio)) throw refuse(path, `must be an object, found ${kindOf(audio)}`)
  const format = stringAt(audio, 'format', path)
  return { inlineData: { mimeType: `audio/${format}`, data: stringAt(audio, 'data', path) } }
}

function filePart(file: unknown, path: string): JsonObject {
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  const { file_data: data, file_id: id } = file
  if (typeof data === 'string') return inlinePart(data, `${path}.file_data`)
  // Files that were uploaded to this vendor are named by their URL.
  if (typeof id === 'string' && /^https:\/\//i.test(id)) return remotePart(id, `${path}.file_id`)
  if (typeof id === 'string')
    throw refuse(`${path}.file_id`, 'must be the URL of a file of this vendor; or send it as file_data')
  throw refuse(path, 'needs file_data (a data URL) or file_id (a URL)')
}

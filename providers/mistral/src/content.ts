import {
  type Call,
  isObject,
  type JsonObject,
  kindOf,
  parseDataUrl,
  refuse,
  stringAt,
} from '@llmproxy/provider-kit'

/** Where losses are reported. */
export type Reporter = Pick<Call, 'dropped'>

/**
 * Content in the vendor's words: the same value when nothing in it has to change. Throws a refusal for parts that the vendor does not
 * have. `path` is the content's JSON path.
 */
export function writtenContent(content: unknown, path: string, report: Reporter): unknown {
  if (content === null || content === undefined || typeof content === 'string') return content ?? ''
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  const parts = content.map((part: unknown, index) => writtenPart(part, `${path}[${index}]`, report))
  return parts.every((part, index) => part === content[index]) ? content : parts
}

/** Whether there is nothing to read in it. */
export function isSilent(content: unknown): boolean {
  if (Array.isArray(content))
    return content.every((part: unknown) => isObject(part) && part['type'] === 'text' && part['text'] === '')
  return content === undefined || content === null || content === ''
}

function writtenPart(part: unknown, path: string, report: Reporter): unknown {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  switch (part['type']) {
    case 'text':
      stringAt(part, 'text', path)
      return only(part, ['type', 'text'], path, report)
    case 'refusal':
      return { type: 'text', text: stringAt(part, 'refusal', path) }
    case 'image_url':
      return imagePart(part, path, report)
    case 'file':
      return documentPart(part, path, report)
    // The vendor's own parts, in its own words.
    case 'document_url':
    case 'thinking':
      return part
    case 'input_audio':
      throw refuse(path, 'audio input is not supported by this provider; send text, images or documents')
    default:
      throw refuse(
        `${path}.type`,
        `unknown content part ${JSON.stringify(part['type'])}; known are text, image_url, file, document_url`,
      )
  }
}

function imagePart(part: JsonObject, path: string, report: Reporter): unknown {
  const image = part['image_url']
  const url = isObject(image) ? image['url'] : image
  if (typeof url !== 'string') throw refuse(`${path}.image_url`, `must be a URL, found ${kindOf(url)}`)
  return only(part, ['type', 'image_url'], path, report)
}

/** A PDF that was sent as a file is a document with a data URL. */
function documentPart(part: JsonObject, partPath: string, report: Reporter): unknown {
  const { file } = part
  const path = `${partPath}.file`
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  if (typeof file['file_data'] !== 'string')
    throw refuse(path, 'needs file_data, a data URL: files that were uploaded elsewhere cannot be read')
  const url = file['file_data']
  if (parseDataUrl(url)?.mediaType !== 'application/pdf')
    throw refuse(`${path}.file_data`, 'must be a data URL of the type application/pdf')
  only(part, ['type', 'file'], partPath, report)
  only(file, ['file_data'], path, report)
  return { type: 'document_url', document_url: url }
}

/** Without the members that the vendor would answer 422 to; they are reported. */
function only(part: JsonObject, known: readonly string[], path: string, report: Reporter): JsonObject {
  const foreign = Object.keys(part).filter((name) => !known.includes(name))
  if (foreign.length === 0) return part
  for (const name of foreign) if (part[name] !== null) report.dropped(`${path}.${name}`)
  return Object.fromEntries(known.map((name) => [name, part[name]]))
}

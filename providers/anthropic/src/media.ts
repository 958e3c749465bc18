import { type DataUrl, kindOf, parseDataUrl, refuse } from '@llmproxy/provider-kit'
import type { Reporter } from './reporter.ts'
import { isObject, type Block, type JsonObject } from './wire.ts'

const imageTypes: readonly string[] = ['image/jpeg', 'image/png', 'image/gif', 'image/webp']

/** An `image_url` part: https URL or data URL, in images or PDF. `detail` has no equivalent and is reported. */
export function imageBlock(image: unknown, path: string, report: Reporter): Block {
  const url = typeof image === 'string' ? image : isObject(image) ? image['url'] : undefined
  if (typeof url !== 'string') throw refuse(`${path}.url`, `must be a string, found ${kindOf(url)}`)
  const detail = isObject(image) ? image['detail'] : undefined
  if (detail !== undefined && detail !== null && detail !== 'auto') report.dropped(`${path}.detail`)
  if (url.startsWith('data:')) return inlineBlock(url, `${path}.url`)
  if (!/^https:\/\//i.test(url)) throw refuse(`${path}.url`, 'must be an https: or data: URL')
  return { type: isPdfUrl(url) ? 'document' : 'image', source: { type: 'url', url } }
}

/** A `file` part: inline data or the id of a file uploaded to this vendor. */
export function fileBlock(file: unknown, path: string): Block {
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  if (typeof file['file_data'] === 'string') {
    const block = inlineBlock(file['file_data'], `${path}.file_data`)
    return block.type === 'document' ? { ...block, ...title(file) } : block
  }
  if (typeof file['file_id'] === 'string') return uploadedBlock(file, file['file_id'], `${path}.file_id`)
  throw refuse(path, 'needs file_data (a data URL) or file_id')
}

/** True when a block refers to an uploaded file, which needs a beta header. */
export function isUploaded(block: Block): boolean {
  return isObject(block['source']) && block['source']['type'] === 'file'
}

function uploadedBlock(file: JsonObject, id: string, path: string): Block {
  if (id.startsWith('file-')) {
    throw refuse(
      path,
      `${JSON.stringify(id)} was uploaded to another vendor; send the file inline as file_data`,
    )
  }
  const source = { type: 'file', file_id: id }
  // The id does not tell what was uploaded; only the name can.
  const isImage = /\.(jpe?g|png|gif|webp)$/i.test(title(file).title ?? '')
  return isImage ? { type: 'image', source } : { type: 'document', source, ...title(file) }
}

function inlineBlock(url: string, path: string): Block {
  const parsed = parseDataUrl(url)
  if (parsed === undefined) throw refuse(path, 'is not a valid data URL (data:<media type>;base64,<data>)')
  const given = parsed.mediaType
  const mediaType = given === 'image/jpg' ? 'image/jpeg' : given
  if (mediaType.startsWith('text/') || mediaType === 'application/json') {
    return { type: 'document', source: { type: 'text', media_type: 'text/plain', data: decodedText(parsed) } }
  }
  if (!parsed.base64) throw refuse(path, 'must be base64 encoded (data:<media type>;base64,<data>)')
  const source = { type: 'base64', media_type: mediaType, data: parsed.data }
  if (imageTypes.includes(mediaType)) return { type: 'image', source }
  if (mediaType === 'application/pdf') return { type: 'document', source }
  throw refuse(
    path,
    `media type ${JSON.stringify(given)} is not supported; send ${imageTypes.join(', ')}, application/pdf or text`,
  )
}

function decodedText(parsed: DataUrl): string {
  return parsed.base64 ? Buffer.from(parsed.data, 'base64').toString('utf8') : parsed.data
}

function title(file: JsonObject): { title?: string } {
  return typeof file['filename'] === 'string' && file['filename'] !== '' ? { title: file['filename'] } : {}
}

function isPdfUrl(url: string): boolean {
  return /^[^?#]*\.pdf(?:[?#]|$)/i.test(url)
}

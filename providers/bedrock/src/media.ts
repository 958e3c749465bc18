import { type DataUrl, isObject, kindOf, notOffered, parseDataUrl, refuse } from '@llmproxy/provider-kit'
import { documentName } from './document-name.ts'
import type { Draft } from './draft.ts'
import type { Block } from './wire.ts'

const imageFormats: Readonly<Record<string, string>> = {
  'image/png': 'png',
  'image/jpeg': 'jpeg',
  'image/jpg': 'jpeg',
  'image/gif': 'gif',
  'image/webp': 'webp',
}

const documentFormats: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/plain': 'txt',
  'application/json': 'txt',
  'application/msword': 'doc',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/vnd.ms-excel': 'xls',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'xlsx',
}

/** An `image_url` part: a data URL of an image or a document. `detail` has no equivalent and is reported. */
export function imageBlock(image: unknown, path: string, draft: Draft): Block {
  const url = typeof image === 'string' ? image : isObject(image) ? image['url'] : undefined
  if (typeof url !== 'string') throw refuse(`${path}.url`, `must be a string, found ${kindOf(url)}`)
  const detail = isObject(image) ? image['detail'] : undefined
  if (detail !== undefined && detail !== null && detail !== 'auto') draft.report.dropped(`${path}.detail`)
  return inlineBlock(url, `${path}.url`, { draft, name: undefined })
}

/** A `file` part: inline data. */
export function fileBlock(file: unknown, path: string, draft: Draft): Block {
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  const { file_data: inline, filename } = file
  if (typeof inline !== 'string')
    throw notOffered(path, 'this provider stores no files: send the file inline, as file_data')
  return inlineBlock(inline, `${path}.file_data`, { draft, name: filename })
}

interface Target {
  readonly draft: Draft
  /** The name of a file. */
  readonly name: unknown
}

function inlineBlock(url: string, path: string, { draft, name }: Target): Block {
  if (/^https?:/i.test(url))
    throw notOffered(path, 'this provider fetches nothing: send the content inline, as a data URL')
  const inline = parseDataUrl(url)
  if (inline === undefined) throw refuse(path, 'is not a valid data URL (data:<media type>;base64,<data>)')
  const source = { bytes: base64Of(inline) }
  const image = formatOf(imageFormats, inline.mediaType)
  if (image !== undefined) return { image: { format: image, source } }
  const format = formatOf(documentFormats, inline.mediaType)
  if (format !== undefined) return { document: { format, name: documentName(name, draft.documents), source } }
  const known = Object.keys({ ...imageFormats, ...documentFormats }).join(', ')
  throw notOffered(
    path,
    `media type ${JSON.stringify(inline.mediaType)} is not taken by this provider; known are ${known}`,
  )
}

function formatOf(formats: Readonly<Record<string, string>>, mediaType: string): string | undefined {
  return Object.hasOwn(formats, mediaType) ? formats[mediaType] : undefined
}

function base64Of({ base64, data }: DataUrl): string {
  return base64 ? data : Buffer.from(data).toString('base64')
}

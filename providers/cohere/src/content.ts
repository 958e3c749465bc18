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

/** A text that the model reads beside the conversation. */
export interface TextDocument {
  readonly data: { readonly text: string; readonly title?: string }
}

/** The content of a user message in the vendor's words, and the text files that were in it. */
export interface UserContent {
  readonly content: string | readonly object[]
  readonly documents: readonly TextDocument[]
}

/**
 * The content of a user message: text and images; files with text become documents. Throws a refusal, with its path, for everything
 * else.
 */
export function userContent(content: unknown, path: string, report: Reporter): UserContent {
  if (!Array.isArray(content)) return { content: textOf(content, path, report), documents: [] }
  const documents: TextDocument[] = []
  const parts = content.flatMap((part: unknown, index): object[] => {
    const place = `${path}[${index}]`
    const checked = partAt(part, place)
    if (checked['type'] === 'image_url') {
      reportLost(checked, ['type', 'image_url'], place, report)
      return [imagePart(checked['image_url'], `${place}.image_url`, report)]
    }
    if (checked['type'] === 'file') {
      reportLost(checked, ['type', 'file'], place, report)
      documents.push(textDocument(checked['file'], `${place}.file`, report))
      return []
    }
    const text = partText(checked, place, report)
    return text === '' ? [] : [{ type: 'text', text }]
  })
  return { content: parts.length === 0 ? '' : parts, documents }
}

/** The text of a system or assistant message, its parts joined without anything between them. */
export function textOf(content: unknown, path: string, report: Reporter): string {
  if (content === undefined || content === null) return ''
  if (typeof content === 'string') return content
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content
    .map((part: unknown, index) => {
      const place = `${path}[${index}]`
      return partText(partAt(part, place), place, report)
    })
    .join('')
}

/** The content of a tool result: a text, or text and the vendor's own documents. */
export function resultContent(content: unknown, path: string, report: Reporter): string | readonly object[] {
  if (!Array.isArray(content)) return textOf(content, path, report)
  const parts = content.map((part: unknown, index): object => {
    const place = `${path}[${index}]`
    const checked = partAt(part, place)
    if (checked['type'] === 'document' && isObject(checked['document'])) return checked
    return { type: 'text', text: partText(checked, place, report) }
  })
  return parts.length === 0 ? '' : parts
}

function partAt(part: unknown, path: string): JsonObject {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  return part
}

/** Reports the members that are not among the `known` ones and say something. */
export function reportLost(
  holder: JsonObject,
  known: readonly string[],
  path: string,
  report: Reporter,
): void {
  for (const [name, value] of Object.entries(holder))
    if (!known.includes(name) && value !== null && value !== undefined) report.dropped(`${path}.${name}`)
}

function partText(part: JsonObject, path: string, report: Reporter): string {
  switch (part['type']) {
    case 'text':
      reportLost(part, ['type', 'text'], path, report)
      return stringAt(part, 'text', path)
    case 'refusal':
      return stringAt(part, 'refusal', path)
    default:
      throw refuse(
        `${path}.type`,
        `${JSON.stringify(part['type'])} parts are not supported here by this provider`,
      )
  }
}

const details: ReadonlySet<unknown> = new Set(['auto', 'low', 'high'])

function imagePart(image: unknown, path: string, report: Reporter): object {
  const url = isObject(image) ? image['url'] : image
  if (typeof url !== 'string') throw refuse(`${path}.url`, `must be a string, found ${kindOf(url)}`)
  if (!/^(?:https:\/\/|data:)/i.test(url)) throw refuse(`${path}.url`, 'must be an https: or data: URL')
  const detail = isObject(image) ? image['detail'] : undefined
  if (isObject(image)) reportLost(image, ['url', 'detail'], path, report)
  const known = details.has(detail)
  if (!known && detail !== undefined && detail !== null) report.dropped(`${path}.detail`)
  return { type: 'image_url', image_url: { url, ...(known && { detail }) } }
}

function textDocument(file: unknown, path: string, report: Reporter): TextDocument {
  if (!isObject(file)) throw refuse(path, `must be an object, found ${kindOf(file)}`)
  reportLost(file, ['file_data', 'filename'], path, report)
  const given = file['file_data']
  const parsed = typeof given === 'string' ? parseDataUrl(given) : undefined
  const readable = parsed?.mediaType.startsWith('text/') === true || parsed?.mediaType === 'application/json'
  if (parsed === undefined || !readable)
    throw refuse(
      path,
      'only files with text are supported by this provider: a file_data URL of the type text/…',
    )
  const text = parsed.base64 ? Buffer.from(parsed.data, 'base64').toString('utf8') : parsed.data
  const title = file['filename']
  return { data: { text, ...(typeof title === 'string' && title !== '' && { title }) } }
}

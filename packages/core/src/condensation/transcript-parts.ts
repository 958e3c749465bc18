import { isObject, type JsonObject } from '@llmproxy/provider-kit'

/** What a transcript cannot say, each with its number. */
export type LeftOut = Partial<Record<LeftOutKind, number>>

export const leftOutKinds = ['image', 'audio', 'video', 'file', 'reasoning', 'part'] as const
export type LeftOutKind = (typeof leftOutKinds)[number]

/** Types of content parts, in whichever dialect a client sends them. */
const partKinds: Readonly<Record<string, LeftOutKind>> = {
  image_url: 'image',
  image: 'image',
  input_image: 'image',
  input_audio: 'audio',
  audio: 'audio',
  audio_url: 'audio',
  video_url: 'video',
  video: 'video',
  input_video: 'video',
  file: 'file',
  input_file: 'file',
  document: 'file',
  thinking: 'reasoning',
  redacted_thinking: 'reasoning',
  reasoning: 'reasoning',
}

/** What a content says, each part on a line of its own; what it cannot say is counted and marked. */
export function spoken(content: unknown, leftOut: LeftOut): string {
  if (content === undefined || content === null) return ''
  const parts: readonly unknown[] = Array.isArray(content) ? content : [content]
  return parts
    .map((part) => said(part, leftOut))
    .filter((text) => text !== '')
    .join('\n')
}

function said(part: unknown, leftOut: LeftOut): string {
  if (typeof part === 'string') return quoted(part, leftOut)
  if (!isObject(part)) return leave('part', leftOut)
  const { type, text, refusal } = part
  const kind = typeof type === 'string' && Object.hasOwn(partKinds, type) ? partKinds[type]! : undefined
  if (kind === 'file') return leave(kind, leftOut, fileName(part))
  if (kind !== undefined) return leave(kind, leftOut)
  if (typeof text === 'string') return quoted(text, leftOut)
  return typeof refusal === 'string' ? quoted(refusal, leftOut) : leave('part', leftOut)
}

/** Notes that something is left out, and says so in its place. */
export function leave(kind: LeftOutKind, leftOut: LeftOut, name = ''): string {
  leftOut[kind] = (leftOut[kind] ?? 0) + 1
  return name === '' ? `[${kind} left out]` : `[${kind} ${quoted(JSON.stringify(name), leftOut)} left out]`
}

function fileName(part: JsonObject): string {
  const file = isObject(part['file']) ? part['file'] : part
  const name = file['filename'] ?? file['title']
  return typeof name === 'string' ? name.slice(0, 200) : ''
}

/** Long enough that it says nothing to anybody who reads it as text. */
const embedded =
  /data:(?<type>image|audio|video|application|font|text)\/[\w.+-]{1,80}(?:;[\w=.-]{1,80}){0,4};base64,[A-Za-z0-9+/=_-]{200,}/g

/** What could be taken for the beginning or the end of a turn, in letters of any case and with spaces. */
const turnLike = /<(?=[\s/]{0,8}turn)/gi

/** A text from outside, which cannot begin a turn of its own. Pictures and files that are written out in it are left out. */
export function quoted(text: string, leftOut: LeftOut): string {
  const short = text.replace(embedded, (...found: unknown[]) => {
    const { type } = found.at(-1) as { type: string }
    const kind = type === 'image' || type === 'audio' || type === 'video' ? type : 'file'
    return leave(kind, leftOut)
  })
  return short.replace(turnLike, '<\\')
}

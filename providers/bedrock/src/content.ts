import { isObject, type JsonObject, kindOf, notOffered, refuse, stringAt } from '@llmproxy/provider-kit'
import { cachePoint } from './cache-point.ts'
import type { Draft } from './draft.ts'
import { fileBlock, imageBlock } from './media.ts'
import type { Block } from './wire.ts'

/** What a content belongs to. */
export interface ContentPlace {
  readonly draft: Draft
  /** Images and documents may stand there. */
  readonly media: boolean
}

/**
 * The content of a message as blocks. `path` is its JSON path (`messages[0].content`). Text that is empty or only white space is
 * left out: the API refuses such blocks.
 */
export function contentBlocks(content: unknown, path: string, place: ContentPlace): Block[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return textBlocks(content)
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content.flatMap((part: unknown, index) => {
    const at = `${path}[${index}]`
    if (!isObject(part)) throw refuse(at, `must be an object with a type, found ${kindOf(part)}`)
    const blocks = partBlocks(part, at, place)
    return blocks.length === 0 ? [] : [...blocks, ...cachePoint(part, at, place.draft.report)]
  })
}

/** One text block, or none for text that the API would refuse. */
export function textBlocks(text: string): Block[] {
  return text.trim() === '' ? [] : [{ text }]
}

function partBlocks(part: JsonObject, path: string, { draft, media }: ContentPlace): Block[] {
  const type = part['type']
  if (type === 'text' || type === 'refusal') return textBlocks(stringAt(part, type, path))
  if (type === 'input_audio') throw notOffered(path, 'audio is not taken by this provider')
  if (type !== 'image_url' && type !== 'file')
    throw refuse(
      `${path}.type`,
      `unknown content part ${JSON.stringify(type)}; known are text, image_url, file`,
    )
  if (!media) throw refuse(`${path}.type`, `${type} parts may stand in messages of users and tools only`)
  const block = type === 'file' ? fileBlock : imageBlock
  return [block(part[type], `${path}.${type}`, draft)]
}

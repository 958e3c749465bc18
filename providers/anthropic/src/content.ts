import { kindOf, refuse, stringAt } from '@llmproxy/provider-kit'
import { cacheMark } from './cache-mark.ts'
import type { Reporter } from './reporter.ts'
import { fileBlock, imageBlock } from './media.ts'
import { reportPartMembers } from './message-members.ts'
import { type Block, isObject } from './wire.ts'

/**
 * The content of a system, user, assistant or tool message as blocks. `path` is its JSON path (`messages[0].content`).
 * Text that is empty or only white space is left out: the API refuses such blocks.
 */
export function contentBlocks(content: unknown, path: string, report: Reporter): Block[] {
  if (content === null || content === undefined) return []
  if (typeof content === 'string') return textBlocks(content)
  if (!Array.isArray(content))
    throw refuse(path, `must be a string or an array of parts, found ${kindOf(content)}`)
  return content.flatMap((part: unknown, index) => partBlocks(part, `${path}[${index}]`, report))
}

/** One text block, or none for text that the API would refuse. */
export function textBlocks(text: string, mark: { cache_control?: unknown } = {}): Block[] {
  return text.trim() === '' ? [] : [{ type: 'text', text, ...mark }]
}

function partBlocks(part: unknown, path: string, report: Reporter): Block[] {
  if (!isObject(part)) throw refuse(path, `must be an object with a type, found ${kindOf(part)}`)
  reportPartMembers(part, path, report)
  switch (part['type']) {
    case 'text':
      return textBlocks(stringAt(part, 'text', path), cacheMark(part))
    case 'refusal':
      return textBlocks(stringAt(part, 'refusal', path), cacheMark(part))
    case 'image_url':
      return [{ ...imageBlock(part['image_url'], `${path}.image_url`, report), ...cacheMark(part) }]
    case 'file':
      return [{ ...fileBlock(part['file'], `${path}.file`), ...cacheMark(part) }]
    case 'input_audio':
      throw refuse(path, 'audio input is not supported by this provider; send text, images or PDF files')
    default:
      throw refuse(
        `${path}.type`,
        `unknown content part ${JSON.stringify(part['type'])}; known are text, image_url, file`,
      )
  }
}

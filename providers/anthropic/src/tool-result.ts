import type { Reporter } from './reporter.ts'
import { cacheMark } from './cache-mark.ts'
import { contentBlocks } from './content.ts'
import type { Block, JsonObject } from './wire.ts'

/** A tool message as a `tool_result` block. A result without text has no `content`: empty blocks are refused. */
export function toolResult(message: JsonObject, id: string, path: string, report: Reporter): Block {
  const content = resultContent(message['content'], path, report)
  return {
    type: 'tool_result',
    tool_use_id: id,
    ...(content === undefined ? {} : { content }),
    ...(message['is_error'] === true ? { is_error: true } : {}),
    ...cacheMark(message),
  }
}

function resultContent(content: unknown, path: string, report: Reporter): string | Block[] | undefined {
  if (typeof content === 'string') return content === '' ? undefined : content
  const blocks = contentBlocks(content, `${path}.content`, report)
  return blocks.length === 0 ? undefined : blocks
}

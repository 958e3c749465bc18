import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import type { Reporter } from './draft.ts'
import type { Block } from './wire.ts'

/**
 * The block to put behind something that the client marked with `cache_control`: none, or one. Marks are never added, moved
 * or removed on our own. A lifetime (`ttl`) other than the usual five minutes cannot be said, and is reported.
 */
export function cachePoint(marked: JsonObject, path: string, report: Reporter): Block[] {
  const mark = marked['cache_control']
  if (!isObject(mark)) return []
  const { ttl } = mark
  if (ttl !== undefined && ttl !== null && ttl !== '5m') report.dropped(`${path}.cache_control.ttl`)
  return [{ cachePoint: { type: 'default' } }]
}

import { isObject, type Block } from './wire.ts'

/**
 * The cache mark that the client put on something, to be carried to the block made from it. Marks are never added,
 * moved or removed on our own: a mark too many is a 400, a mark elsewhere is a cache that is written and never read.
 */
export function cacheMark(marked: { readonly [extra: string]: unknown }): { cache_control?: unknown } {
  if (isObject(marked['cache_control'])) return { cache_control: marked['cache_control'] }
  if (isObject(marked['prompt_cache_breakpoint'])) return { cache_control: { type: 'ephemeral' } }
  return {}
}

/** Carries a mark that stands on a whole message to the last block of that message. */
export function markLast(blocks: readonly Block[], message: { readonly [extra: string]: unknown }): Block[] {
  const mark = cacheMark(message)
  return blocks.map((block, index) => (index === blocks.length - 1 ? { ...block, ...mark } : block))
}

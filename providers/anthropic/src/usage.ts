import type { Usage } from '@llmproxy/provider-kit'
import { isObject, type JsonObject, type RawIteration, type RawUsage } from './wire.ts'

/** Values of a later report replace earlier ones: counts are cumulative. A key that is absent or `null` keeps its value. */
export function mergeUsage(earlier: RawUsage | undefined, later: unknown): RawUsage | undefined {
  if (!isObject(later)) return earlier
  const known = Object.entries(later).filter(([, value]) => value !== null && value !== undefined)
  return { ...earlier, ...Object.fromEntries(known) }
}

/** OpenAI usage, or `null` when the vendor told nothing: unknown is not zero. */
export function usageOf(raw: unknown): Usage | null {
  if (!isObject(raw)) return null
  const usage: RawUsage = raw
  if (typeof usage.input_tokens !== 'number' && typeof usage.output_tokens !== 'number') return null
  const steps = billedSteps(usage)
  const cacheRead = sum(steps, 'cache_read_input_tokens')
  const cacheWrite = sum(steps, 'cache_creation_input_tokens')
  // `input_tokens` excludes what was read from or written to the cache; OpenAI's number includes it.
  const prompt = sum(steps, 'input_tokens') + cacheRead + cacheWrite
  const completion = sum(steps, 'output_tokens')
  return {
    // First: some compatible servers tell counts under our names as well, and ours stand.
    ...extrasOf(usage),
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cacheRead, cache_write_tokens: cacheWrite },
    completion_tokens_details: { reasoning_tokens: thinkingTokens(usage) },
  }
}

function thinkingTokens({ output_tokens_details: details }: RawUsage): number {
  const tokens = isObject(details) ? details.thinking_tokens : undefined
  return typeof tokens === 'number' ? tokens : 0
}

/** What the vendor tells beside the counts that have a place of their own. */
const counted: ReadonlySet<string> = new Set([
  'input_tokens',
  'output_tokens',
  'cache_creation_input_tokens',
  'cache_read_input_tokens',
  'output_tokens_details',
])

function extrasOf(usage: RawUsage): JsonObject {
  return Object.fromEntries(
    Object.entries(usage).filter(([name, value]) => !counted.has(name) && (value ?? null) !== null),
  )
}

/**
 * The reports to add up. The top level leaves compaction steps out, which are billed too; after a fallback to another
 * model it is the truth. Advisor steps are billed to another model and never counted.
 */
function billedSteps(usage: RawUsage): readonly RawIteration[] {
  const iterations = Array.isArray(usage.iterations) ? (usage.iterations as readonly unknown[]) : []
  const steps: readonly RawIteration[] = iterations.filter(isObject)
  if (steps.some((step) => step.type === 'fallback_message')) return [usage]
  const billed = steps.filter((step) => step.type === 'message' || step.type === 'compaction')
  return billed.length === 0 ? [usage] : billed
}

type CountName = 'input_tokens' | 'output_tokens' | 'cache_read_input_tokens' | 'cache_creation_input_tokens'

function sum(steps: readonly RawIteration[], name: CountName): number {
  return steps.reduce((total, step) => total + (typeof step[name] === 'number' ? step[name] : 0), 0)
}

import { parseJson } from '@llmproxy/provider-kit'
import { z } from 'zod'
import type { KnownSummary } from './summary-cache.ts'

/** Where several gateways keep summaries for each other. The values are texts by {@link writeSummary}. */
export interface SharedSummaries {
  /**
   * What is kept for this caller under the first of `keys` that is there, nobody else's. Never rejects, and takes a bounded time: what cannot be
   * asked for is not there.
   */
  find(
    caller: string,
    keys: readonly string[],
  ): Promise<{ readonly key: string; readonly value: string } | undefined>
  /** Keeps a text for `ttlMs` milliseconds. Neither waits nor throws. */
  set(caller: string, key: string, value: string, ttlMs: number): void
}

/** The same store, but one that breaks its word takes no request along: `failed` is told of it. */
export function unfailingSummaries(
  shared: SharedSummaries,
  failed: (error: unknown) => void,
): SharedSummaries {
  return {
    async find(caller, keys) {
      try {
        const found = await shared.find(caller, keys)
        return found !== undefined && keys.includes(found.key) ? found : undefined
      } catch (error) {
        failed(error)
        return undefined
      }
    },
    set(caller, key, value, ttlMs) {
      try {
        shared.set(caller, key, value, ttlMs)
      } catch (error) {
        failed(error)
      }
    },
  }
}

/** UTF-16 units. A summary is a few hundred tokens; longer texts are not even parsed. */
const longestText = 1_048_576

/** A name that every object has would be taken for a count. */
const kindSchema = z
  .string()
  .max(64)
  .refine((name) => !(name in Object.prototype))

const summarySchema = z.object({
  text: z.string().min(1),
  leftOut: z.record(kindSchema, z.int().positive()),
})

export function writeSummary({ text, leftOut }: KnownSummary): string {
  return JSON.stringify({ text, leftOut })
}

/** A summary that others have kept, or nothing when the text is none. Members that are not known are left out. */
export function readSummary(text: string): KnownSummary | undefined {
  if (text.length > longestText) return undefined
  return summarySchema.safeParse(parseJson(text)).data
}

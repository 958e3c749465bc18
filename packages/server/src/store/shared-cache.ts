import { hash } from 'node:crypto'
import type { SharedSummaries } from '@llmproxy/core'
import type { StoreGuard } from './guard.ts'

/** UTF-16 units. */
export const longestValue = 262_144

/** Of one question; further keys, which are wanted less, are not looked for. */
export const mostKeys = 256

/**
 * Texts that all instances keep for each other for a while, in the store. A cache: what is not there, or cannot be asked for, is simply
 * missing, and a text above {@link longestValue} is not kept. Keys are digests: they say nothing, and have one length.
 */
export function sharedCache(guard: Pick<StoreGuard, 'ask'>, prefix: string): SharedSummaries {
  return {
    async find(caller, keys) {
      const asked = keys.slice(0, mostKeys)
      if (asked.length === 0) return undefined
      const places = asked.map((key) => cacheKey(prefix, caller, key))
      const told = await guard.ask((client) => client.llmproxyFind(places.length, ...places))
      return foundOf(asked, told)
    },
    set(caller, key, value, ttlMs) {
      if (value.length > longestValue || ttlMs < 1) return
      void guard.ask((client) => client.set(cacheKey(prefix, caller, key), value, 'PX', Math.floor(ttlMs)))
    },
  }
}

/** `told`: the number of a key, counted from 1, and its text; anything else is nothing. */
function foundOf(keys: readonly string[], told: unknown): { key: string; value: string } | undefined {
  if (!Array.isArray(told)) return undefined
  const [number, value] = told as readonly unknown[]
  const key = typeof number === 'number' ? keys[number - 1] : undefined
  return key !== undefined && typeof value === 'string' ? { key, value } : undefined
}

/** The caller's length stands in front, so that no caller and key read like another caller and key. */
function cacheKey(prefix: string, caller: string, key: string): string {
  return `${prefix}cache:${hash('sha256', `${caller.length}:${caller}${key}`)}`
}

import { hash } from 'node:crypto'
import { noAnswer, type StoreGuard } from './guard.ts'

/** Texts that all instances share for a while. A cache: what is not there, or cannot be asked for, is simply missing. */
export interface SharedCache {
  /** What was kept for this caller under this key; nobody else's. Never rejects. */
  get(caller: string, key: string): Promise<string | undefined>
  /** Keeps a text for `ttlMs` milliseconds; not one above {@link longestValue}. Neither waits nor throws. */
  set(caller: string, key: string, value: string, ttlMs: number): void
}

/** UTF-16 units. */
export const longestValue = 262_144

/** A cache in the store. Keys are digests: they say nothing, and have one length. */
export function sharedCache(guard: Pick<StoreGuard, 'ask'>, prefix: string): SharedCache {
  return {
    async get(caller, key) {
      const found = await guard.ask((client) => client.get(cacheKey(prefix, caller, key)))
      return found !== noAnswer && typeof found === 'string' ? found : undefined
    },
    set(caller, key, value, ttlMs) {
      if (value.length > longestValue || ttlMs < 1) return
      void guard.ask((client) => client.set(cacheKey(prefix, caller, key), value, 'PX', Math.floor(ttlMs)))
    },
  }
}

/** The caller's length stands in front, so that no caller and key read like another caller and key. */
function cacheKey(prefix: string, caller: string, key: string): string {
  return `${prefix}cache:${hash('sha256', `${caller.length}:${caller}${key}`)}`
}

import { isSampleKey } from '@llmproxy/core'
import { type ConfiguredKey, keyText } from './client-keys.ts'
import { isLoopback } from './loopback.ts'

export interface BindVerdict {
  /** Why the server must not start like this. */
  readonly refusal?: string
  readonly warnings: readonly string[]
}

/**
 * Decides whether an address may be served with these client keys. What other machines can reach needs keys that nobody can
 * read in documentation; on loopback both are allowed, so that a first try needs no preparation.
 */
export function judgeBind(host: string, keys: readonly ConfiguredKey[]): BindVerdict {
  const local = isLoopback(host)
  const samples = keys.map(keyText).filter(isSampleKey)
  if (keys.length === 0 && !local) {
    return {
      refusal: `host ${host} can be reached from other machines, but no client keys are configured: add api_keys, or listen on 127.0.0.1`,
      warnings: [],
    }
  }
  if (samples.length === 0) return { warnings: [] }
  const found = `api_keys contains a key that stands in documentation (${samples.map((key) => JSON.stringify(key)).join(', ')})`
  if (!local) {
    return {
      refusal: `host ${host} can be reached from other machines, but ${found}: use a secret key, or listen on 127.0.0.1`,
      warnings: [],
    }
  }
  return { warnings: [`${found}: fine on this machine, replace it before others can reach the server`] }
}

import { hash, timingSafeEqual } from 'node:crypto'
import type { GatewayConfig } from '@llmproxy/core'
import { Secret } from '@llmproxy/provider-kit'

/** One of `api_keys` of the configuration. */
export type ConfiguredKey = GatewayConfig['api_keys'][number]

/** A configured client key, kept as its digest only. */
export interface ClientKey {
  /** What logs, metrics and rate limits call its owner. */
  readonly caller: string
  readonly digest: Buffer
}

/** The text of a configured key. */
export function keyText(entry: ConfiguredKey): string {
  return (Secret.is(entry) ? entry : entry.key).reveal()
}

/** Digests the configured keys. An unnamed key is called by the first characters of its digest. */
export function clientKeys(configured: readonly ConfiguredKey[]): readonly ClientKey[] {
  return configured.map((entry) => {
    const digest = digestOf(keyText(entry))
    return { caller: Secret.is(entry) ? `key-${digest.toString('hex').slice(0, 12)}` : entry.name, digest }
  })
}

/**
 * The owner of the first candidate that is a configured key. Every candidate is compared with every key, whole digests
 * in constant time, so the time taken says nothing about how close a guess was.
 */
export function callerOf(keys: readonly ClientKey[], candidates: readonly string[]): string | undefined {
  let caller: string | undefined
  for (const candidate of candidates) {
    const digest = digestOf(candidate)
    for (const key of keys) {
      if (timingSafeEqual(digest, key.digest)) caller ??= key.caller
    }
  }
  return caller
}

function digestOf(key: string): Buffer {
  return hash('sha256', key, 'buffer')
}

import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { type Complaint, complaints } from '../config/issues.ts'
import type { ConfigOrigin } from '../config/origin.ts'
import type { ConfigPath } from '../config/problem.ts'
import { coerceFromEnv, isHidden } from '../config/read.ts'
import { providerHostShape } from '../config/schema.ts'
import { scrubber } from '../config/scrubber.ts'
import { pluginKeys } from './known-keys.ts'

export interface OptionsInput {
  readonly plugin: ProviderPlugin
  /** The entry without the host's keys, secrets revealed, the key filled in. */
  readonly options: Record<string, unknown>
  readonly secrets: readonly string[]
  readonly origin: ConfigOrigin
  /** The path of the entry. */
  readonly base: ConfigPath
}

export interface CheckedOptions {
  /** For `plugin.create()`. */
  readonly value?: unknown
  /** Present when the options are wrong; paths are relative to the entry. */
  readonly complaints?: readonly Complaint[]
  /** Removes the entry's secrets from a text that the plugin wrote. */
  scrub(text: string): string
}

/** Runs a plugin's own schema. Environment variables are read as numbers and booleans where the schema wants them. */
export async function validateOptions(input: OptionsInput): Promise<CheckedOptions> {
  const { plugin, origin, base } = input
  const fromEnv = (path: ConfigPath) => origin.fromEnv([...base, ...path])
  const scrub = scrubber(input.secrets)
  let options: unknown = input.options
  let result = await validated(plugin, options, scrub)
  const coerced = result.issues === undefined ? undefined : coerceFromEnv(options, result.issues, fromEnv)
  if (coerced !== undefined) {
    options = coerced
    result = await validated(plugin, options, scrub)
  }
  if (result.issues === undefined) return { value: result.value, scrub }
  const found = complaints(result.issues, {
    value: options,
    hidden: (path) => isHidden([...base, ...path], origin),
    keys: (path) => (path.length === 0 ? entryKeys(plugin) : (pluginKeys(plugin, path) ?? [])),
  })
  return {
    complaints: found.map((complaint) => ({ ...complaint, message: scrub(complaint.message) })),
    scrub,
  }
}

/** A schema must not throw. One that does may quote what it was given, the key included. */
async function validated(plugin: ProviderPlugin, options: unknown, scrub: (text: string) => string) {
  try {
    return await plugin.options['~standard'].validate(options)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new TypeError(`the plugin failed to check its options: ${scrub(reason)}`, { cause: error })
  }
}

/** A mistyped key may have been meant for the plugin or for the host. */
function entryKeys(plugin: ProviderPlugin): readonly string[] {
  return [...(pluginKeys(plugin) ?? []), ...Object.keys(providerHostShape)]
}

import type { Environment } from '../config/interpolate.ts'
import type { ProviderConfig } from '../config/schema.ts'
import { canonicalType } from './check.ts'

/** A key of the environment, and the variable that stands for it wherever it is shown. */
export interface FoundKey {
  readonly variable: string
  readonly value: string
  /** Of the variable in the entry's list. */
  readonly position: number
}

/** What the environment has of the keys that an entry names. */
export interface FoundKeys {
  /** In the order of the entry, each value once. */
  readonly keys: readonly FoundKey[]
  /** Where they were, or would have been, looked for; never empty. */
  readonly variables: readonly [string, ...string[]]
  /** The entry names the variables, so it does need a key. */
  readonly named: boolean
  /** Variables without a value. */
  readonly unset: readonly string[]
  /** Variables with the value of an earlier one, and which that is. */
  readonly repeated: readonly (Omit<FoundKey, 'value'> & { readonly of: string })[]
}

/** Looks for the keys of an entry. One that stands in the entry itself wins: then nothing is looked for. */
export function findKeys(entry: ProviderConfig, env: Environment): FoundKeys {
  const variables = variablesOf(entry)
  const keys: FoundKey[] = []
  const unset: string[] = []
  const repeated: FoundKeys['repeated'][number][] = []
  if (entry.api_key !== undefined) return { keys, variables, named: false, unset, repeated }
  for (const [position, variable] of variables.entries()) {
    const value = (Object.hasOwn(env, variable) ? env[variable]?.trim() : undefined) ?? ''
    const same = keys.find((key) => key.value === value)
    if (value === '') unset.push(variable)
    else if (same === undefined) keys.push({ variable, value, position })
    else repeated.push({ variable, position, of: same.variable })
  }
  return { keys, variables, named: entry.api_key_env !== undefined, unset, repeated }
}

function variablesOf({ api_key_env: named, type }: ProviderConfig): FoundKeys['variables'] {
  const [first, ...others] = typeof named === 'string' ? [named] : (named ?? [])
  return [first ?? `PROXY_API_${canonicalType(type).toUpperCase()}_API_KEY`, ...others]
}

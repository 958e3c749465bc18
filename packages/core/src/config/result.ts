import { Secret } from '@llmproxy/provider-kit'
import type { ConfigPath } from './problem.ts'
import type { ClientKey } from './schema.ts'
import { isMapping } from './secrets.ts'

/** The client keys, wrapped. */
export function clientKeys(
  keys: readonly (string | { readonly key: string; readonly name: string })[],
): readonly ClientKey[] {
  return keys.map((entry) =>
    typeof entry === 'string' ? new Secret(entry) : { key: new Secret(entry.key), name: entry.name },
  )
}

/**
 * The configuration without what is wrong with it, so that the rest can be checked. Provider entries keep their index:
 * one whose name or type is wrong is replaced by a provider that is off.
 */
export function partialInput(value: unknown, wrong: readonly ConfigPath[]): unknown {
  if (!isMapping(value)) return {}
  const copy = structuredClone(value)
  for (const path of wrong) remove(copy, path)
  const { providers } = copy
  if (Array.isArray(providers)) copy.providers = providers.map(placeholder)
  return copy
}

function remove(root: Record<string, unknown>, path: ConfigPath): void {
  const [first, index, key] = path
  if (first === 'providers' && Array.isArray(root.providers) && typeof index === 'number') {
    const entry: unknown = root.providers[index]
    if (isMapping(entry) && typeof key === 'string') delete entry[key]
    else root.providers[index] = {}
    return
  }
  if (typeof first === 'string') delete root[first]
  // Unknown keys are reported at the mapping that contains them.
  else for (const name of Object.keys(root)) if (name !== 'providers') delete root[name]
}

function placeholder(entry: unknown, index: number): unknown {
  const given = isMapping(entry) ? entry : {}
  const name = typeof given.name === 'string' ? given.name : `providers-${index}`
  if (typeof given.type === 'string') return { ...given, name }
  return { name, type: 'unknown', enabled: false, models: given.models ?? [] }
}

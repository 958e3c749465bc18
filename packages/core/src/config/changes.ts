import { isMapping, revealSecrets } from './secrets.ts'
import type { GatewayConfig } from './schema.ts'

/**
 * The paths at which two configurations differ: `request_timeout`, `providers.openai.models`, `providers.backup` (added or
 * removed), `providers` (reordered). Paths only, never values: those may be secret.
 */
export function configChanges(before: GatewayConfig, after: GatewayConfig): readonly string[] {
  const left = revealSecrets(before) as Record<string, unknown>
  const right = revealSecrets(after) as Record<string, unknown>
  const changed = differing(withoutProviders(left), withoutProviders(right))
  return [...changed, ...providerChanges(entries(left), entries(right))]
}

type Entry = Record<string, unknown>

function providerChanges(before: ReadonlyMap<string, Entry>, after: ReadonlyMap<string, Entry>): string[] {
  const names = new Set([...after.keys(), ...before.keys()])
  const changed = [...names].flatMap((name) => {
    const [left, right] = [before.get(name), after.get(name)]
    if (left === undefined || right === undefined) return [`providers.${name}`]
    return differing(left, right).map((key) => `providers.${name}.${key}`)
  })
  const kept = (list: ReadonlyMap<string, Entry>, other: ReadonlyMap<string, Entry>) =>
    [...list.keys()].filter((name) => other.has(name)).join('\n')
  // Among equal priorities the order in the file is the order in which they are asked.
  return kept(before, after) === kept(after, before) ? changed : [...changed, 'providers']
}

function differing(before: Entry, after: Entry): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}

function withoutProviders(config: Entry): Entry {
  return Object.fromEntries(Object.entries(config).filter(([name]) => name !== 'providers'))
}

function entries({ providers }: Entry): ReadonlyMap<string, Entry> {
  const list = Array.isArray(providers) ? (providers as unknown[]).filter(isMapping) : []
  return new Map(list.map((entry) => [String(entry['name']), entry]))
}

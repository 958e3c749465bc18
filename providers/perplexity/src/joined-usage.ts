import { isObject, type JsonObject } from '@llmproxy/provider-kit'

interface EmbeddingUsage {
  prompt_tokens: number
  total_tokens: number
  [extra: string]: unknown
}

/** The usage of several exchanges, costs included; `undefined` when that of one is not known. */
export function joinedUsage(parts: readonly (EmbeddingUsage | undefined)[]): EmbeddingUsage | undefined {
  if (parts.some((part) => part === undefined)) return undefined
  return parts.reduce<JsonObject | undefined>(
    (sum, part) => (sum === undefined ? part : added(sum, part ?? {})),
    undefined,
  ) as EmbeddingUsage | undefined
}

/** Numbers are added, objects member by member; of anything else the first stays. */
function added(first: JsonObject, second: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(first).map(([name, value]) => {
      const other = second[name]
      if (typeof value === 'number' && typeof other === 'number') return [name, value + other]
      return [name, isObject(value) && isObject(other) ? added(value, other) : value]
    }),
  )
}

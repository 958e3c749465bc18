import type { Complaint } from './issues.ts'
import { modelId } from './model-id.ts'
import { nearest } from './nearest.ts'
import type { ConfigPath } from './problem.ts'
import type { ModelConfig, ProviderConfig } from './schema.ts'

/** One `context_fallback`, and the entry that it stands in. */
interface Wish {
  readonly path: ConfigPath
  /** Of the entry. */
  readonly id: string
  /** The model to ask instead. */
  readonly name: string
}

/** Texts of `context_fallback` that can never mean another model. */
export function fallbackProblems(provider: ProviderConfig, index: number): Complaint[] {
  return wishes(provider, index).flatMap(({ path, id, name }) => {
    if (name.includes('*')) return [{ path, message: 'is asked for as it is, so it cannot contain `*`' }]
    if (name !== id && name !== `${provider.name}/${id}`) return []
    return [{ path, message: 'names the model itself; name another one, with a larger context window' }]
  })
}

/** Models that no provider of the file serves. `hidden`: true for a value that must not be shown. */
export function fallbackWarnings(
  provider: ProviderConfig,
  index: number,
  { providers, hidden }: { providers: readonly ProviderConfig[]; hidden: (path: ConfigPath) => boolean },
): Complaint[] {
  const serving = providers.filter(({ enabled }) => enabled !== false)
  return wishes(provider, index).flatMap(({ path, name }) => {
    if (name.includes('*') || serving.some((other) => serves(other, name))) return []
    const shown = hidden(path) ? 'this model (not shown)' : `"${name}"`
    if (providers.some((other) => serves(other, name))) {
      const message = `only providers that are switched off list ${shown}: a request that does not fit is not asked of it`
      return [{ path, message }]
    }
    const near = nearest(name, serving.flatMap(({ models }) => models.map(modelId)).filter(isExact))
    const advice = near === undefined || hidden(path) ? '' : `; did you mean "${near}"?`
    const message = `no provider lists ${shown}: a request that does not fit is not asked of it${advice}`
    return [{ path, message }]
  })
}

function wishes(provider: ProviderConfig, index: number): Wish[] {
  return provider.models.flatMap((model: ModelConfig, position): Wish[] => {
    if (typeof model === 'string' || model.context_fallback === undefined) return []
    const path = ['providers', index, 'models', position, 'context_fallback']
    return [{ path, id: model.id, name: model.context_fallback }]
  })
}

/** Whether the provider serves a model of this name: by an entry, or as `provider/model`. */
export function serves({ name: provider, models }: ProviderConfig, name: string): boolean {
  if (models.some((model) => covers(modelId(model), name))) return true
  if (!name.startsWith(`${provider}/`)) return false
  const rest = name.slice(provider.length + 1)
  return rest !== '' && (models.length === 0 || models.some((model) => covers(modelId(model), rest)))
}

function covers(id: string, name: string): boolean {
  return id.endsWith('*') ? name.startsWith(id.slice(0, -1)) : id === name
}

function isExact(id: string): boolean {
  return !id.endsWith('*')
}

import type { OperationName, Supports } from '@llmproxy/provider-kit'
import type { ModelConfig } from '../config/schema.ts'

/** One provider as routing sees it. */
export interface RoutedProvider {
  readonly name: string
  /** Lower is asked first. */
  readonly priority: number
  /** Share among equals; above 0. */
  readonly weight: number
  readonly operations: ReadonlySet<OperationName>
  readonly supports: Supports
  readonly models: readonly ModelConfig[]
}

/** A deployment that can serve one model name: a provider, and the model id to send there. */
export interface RouteTarget {
  readonly provider: string
  readonly upstreamModel: string
  readonly priority: number
  readonly weight: number
  /** The configured entry that matched; the asked name when the provider was addressed directly. */
  readonly model: ModelConfig
  /** The `id` of that entry, `other` when there is none: a key from a bounded set, unlike names that clients choose. */
  readonly entry: string
  /** Completions that this provider serves over chat. */
  readonly bridged: boolean
  readonly supports: Supports
  /** How precisely the entry names the model: `Infinity` for an exact name, the length of the prefix of a wildcard. */
  readonly specificity: number
}

/** A model entry without its short form. */
export interface ModelEntry {
  readonly id: string
  readonly upstream: string | undefined
  readonly context_window: number | undefined
  /** The name of another model, which takes more. */
  readonly context_fallback: string | undefined
  readonly operations: readonly OperationName[] | undefined
}

export function entryOf(model: ModelConfig): ModelEntry {
  return typeof model === 'string'
    ? {
        id: model,
        upstream: undefined,
        context_window: undefined,
        context_fallback: undefined,
        operations: undefined,
      }
    : {
        id: model.id,
        upstream: model.upstream,
        context_window: model.context_window,
        context_fallback: model.context_fallback,
        operations: model.operations,
      }
}

/**
 * How a provider serves `operation` for a model: `native`, `bridged` (completions over chat), or not at all.
 * A model's own `operations` narrow what the provider has; who lists `chat` may be asked for completions over it.
 */
export function serves(
  provider: RoutedProvider,
  operations: readonly OperationName[] | undefined,
  operation: OperationName,
): 'native' | 'bridged' | undefined {
  const allows = (name: OperationName): boolean => operations === undefined || operations.includes(name)
  if (provider.operations.has(operation) && allows(operation)) return 'native'
  if (operation !== 'completions' || !provider.operations.has('chat')) return undefined
  return allows('chat') || allows('completions') ? 'bridged' : undefined
}

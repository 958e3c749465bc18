import { fallbackProblems, fallbackWarnings } from './fallback-model.ts'
import type { Complaint } from './issues.ts'
import { modelId } from './model-id.ts'
import type { ConfigPath } from './problem.ts'
import { readRedisUrl } from './redis-url.ts'
import type { GatewayConfig, ProviderConfig } from './schema.ts'
import { summaryProblems, summaryWarnings } from './summary-model.ts'

/** What the schema cannot say, because it is about more than one value. */
export interface Findings {
  readonly problems: readonly Complaint[]
  readonly warnings: readonly Complaint[]
}

/** True for a value that must not be shown. */
type Hidden = (path: ConfigPath) => boolean

/** Checks names, model lists, time limits and the address of Redis in a configuration that satisfies the schema. */
export function checkMeaning(
  config: Pick<GatewayConfig, 'providers' | 'request_timeout' | 'redis_url' | 'condensation'>,
  hidden: Hidden,
): Findings {
  const { providers } = config
  return {
    problems: [
      ...redisProblems(config.redis_url),
      ...summaryProblems(config),
      ...duplicateNames(providers, hidden),
      ...providers.flatMap((provider, index) => modelProblems(provider, index, hidden)),
      ...providers.flatMap(fallbackProblems),
    ],
    warnings: [
      ...summaryWarnings(config),
      ...providers.flatMap((provider, index) =>
        provider.enabled === false
          ? []
          : [
              ...providerWarnings(provider, index, config.request_timeout),
              ...rivalWarnings(provider, index, providers),
              ...fallbackWarnings(provider, index, { providers, hidden }),
            ],
      ),
    ],
  }
}

function redisProblems(url: string | null): Complaint[] {
  const target = url === null ? undefined : readRedisUrl(url)
  return typeof target === 'string' ? [{ path: ['redis_url'], message: target }] : []
}

function duplicateNames(providers: readonly ProviderConfig[], hidden: Hidden): Complaint[] {
  const first = new Map<string, number>()
  return providers.flatMap(({ name }, index) => {
    const earlier = first.get(name)
    if (earlier === undefined) first.set(name, index)
    if (earlier === undefined) return []
    const path = ['providers', index, 'name']
    return [{ path, message: `${shown(name, hidden(path))} is already the name of providers[${earlier}]` }]
  })
}

function modelProblems(provider: ProviderConfig, index: number, hidden: Hidden): Complaint[] {
  const seen = new Map<string, number>()
  return provider.models.flatMap((model, position) => {
    const path = ['providers', index, 'models', position]
    const id = modelId(model)
    const earlier = seen.get(id)
    if (earlier === undefined) seen.set(id, position)
    const problems: Complaint[] = []
    if (earlier !== undefined) {
      const own = typeof model === 'string' ? path : [...path, 'id']
      problems.push({ path, message: `${shown(id, hidden(own))} is already at models[${earlier}]` })
    }
    if (id.slice(0, -1).includes('*')) {
      problems.push({ path, message: 'a `*` is allowed at the end of a model name only' })
    }
    if (typeof model !== 'string' && model.upstream?.includes('*') === true) {
      problems.push({ path: [...path, 'upstream'], message: 'is sent as it is, so it cannot contain `*`' })
    }
    return problems
  })
}

function providerWarnings(provider: ProviderConfig, index: number, requestTimeout: number): Complaint[] {
  const warnings: Complaint[] = []
  if (provider.models.length === 0) {
    const message = `no models: it is asked only for \`${provider.name}/<model>\`; list some, or "*" for any`
    warnings.push({ path: ['providers', index, 'models'], message })
  }
  if (provider.timeout === 0 && requestTimeout === 0) {
    const message = '0 here and in `request_timeout`: an upstream that never answers holds a request for ever'
    warnings.push({ path: ['providers', index, 'timeout'], message })
  }
  return warnings
}

/** Two vendors that both claim every name: half of the requests go to the one that does not know the model. */
function rivalWarnings(
  provider: ProviderConfig,
  index: number,
  providers: readonly ProviderConfig[],
): Complaint[] {
  const position = wildcardOf(provider)
  const rival = providers
    .slice(0, index)
    .findIndex(
      (other) =>
        other.enabled !== false &&
        other.type !== provider.type &&
        other.priority === provider.priority &&
        wildcardOf(other) !== -1,
    )
  if (position === -1 || rival === -1) return []
  const message = `providers[${rival}] lists "*" too, with another type and the same priority: when both are on, a model goes to either by chance; list the names that each of them knows, or set \`priority\``
  return [{ path: ['providers', index, 'models', position], message }]
}

/** Where the models of a provider include every name; -1: nowhere. */
function wildcardOf({ models }: ProviderConfig): number {
  return models.findIndex((model) => modelId(model) === '*')
}

function shown(text: string, hidden: boolean): string {
  return hidden ? 'this text (not shown)' : `"${text}"`
}

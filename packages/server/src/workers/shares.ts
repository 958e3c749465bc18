import type { GatewayConfig, ProviderConfig } from '@llmproxy/core'

/** One of the processes that serve a port together. */
export interface WorkerPlace {
  /** From 0. */
  readonly index: number
  readonly count: number
}

/**
 * The configuration of one of several workers: its share of every limit that a process keeps for itself, so that all of them
 * together never exceed what is configured. No share is below 1, so a limit below the number of workers is raised to it.
 */
export function shareOf(config: GatewayConfig, place: WorkerPlace): GatewayConfig {
  const providers = config.providers.map((entry): ProviderConfig => ({
    ...entry,
    max_connections: share(entry.max_connections, place),
    rate_limit: entry.rate_limit === null ? null : share(entry.rate_limit, place),
  }))
  const { condensation } = config
  const calls = condensation?.calls_per_minute ?? null
  if (condensation === undefined || calls === null) return { ...config, providers }
  return { ...config, providers, condensation: { ...condensation, calls_per_minute: share(calls, place) } }
}

/** One sentence for each limit that the number of workers raises. */
export function raisedLimits({ providers, workers }: GatewayConfig): readonly string[] {
  return providers.flatMap(({ name, max_connections, rate_limit }) =>
    Object.entries({ max_connections, rate_limit }).flatMap(([key, limit]) =>
      limit === null || limit >= workers
        ? []
        : `${key} of the provider ${name} is ${limit}, and each of the ${workers} workers takes one: it acts like ${workers}`,
    ),
  )
}

function share(limit: number, { index, count }: WorkerPlace): number {
  return Math.max(1, Math.floor(limit / count) + (index < limit % count ? 1 : 0))
}

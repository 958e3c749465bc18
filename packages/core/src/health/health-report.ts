import type { Status } from './reason.ts'

/** The JSON of `/health`. */
export interface HealthReport {
  readonly status: Status
  /** Unix seconds. */
  readonly timestamp: number
  readonly providers: {
    readonly total: number
    readonly healthy: number
    readonly degraded: number
    readonly unhealthy: number
  }
  /** Share of time with a usable provider, as `99.95%`. */
  readonly uptime: string
  /** ISO 8601, whole seconds. */
  readonly last_check: string
  readonly app_name?: string
  readonly app_version?: string
}

export interface HealthReportInput {
  /** One for each provider that is switched on. */
  readonly statuses: readonly Status[]
  readonly uptime: string
  /** Milliseconds since the epoch: now. */
  readonly at: number
  /** Milliseconds since the epoch: the last time that a request or a health check showed how a provider fares. */
  readonly lastCheckAt: number
  readonly app?: { readonly name: string; readonly version: string }
}

/** `unhealthy`: no provider is usable. `degraded`: one of several is not, or none is well. Else `healthy`. */
export function healthReport({ statuses, uptime, at, lastCheckAt, app }: HealthReportInput): HealthReport {
  const count = (wanted: Status): number => statuses.filter((status) => status === wanted).length
  const [healthy, degraded, unhealthy] = [count('healthy'), count('degraded'), count('unhealthy')]
  return {
    status: overallStatus({ healthy, degraded, unhealthy }),
    timestamp: at / 1000,
    providers: { total: statuses.length, healthy, degraded, unhealthy },
    uptime,
    last_check: isoSeconds(lastCheckAt),
    ...(app === undefined ? {} : { app_name: app.name, app_version: app.version }),
  }
}

/** Milliseconds since the epoch as `2026-01-02T03:04:05Z`. */
export function isoSeconds(epochMs: number): string {
  return `${new Date(epochMs).toISOString().slice(0, 19)}Z`
}

/** Of a whole gateway, from how many of its providers are in which state. */
export function overallStatus({ healthy, degraded, unhealthy }: Readonly<Record<Status, number>>): Status {
  if (healthy + degraded === 0) return 'unhealthy'
  return unhealthy > 0 || healthy === 0 ? 'degraded' : 'healthy'
}

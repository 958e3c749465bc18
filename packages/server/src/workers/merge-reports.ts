import { type HealthReport, overallStatus } from '@llmproxy/core'

type Line = Readonly<Record<string, unknown>>

/** The JSON of `GET /providers`. */
export interface ProvidersReport {
  readonly providers: readonly Line[]
  readonly total: number
}

const badness: readonly unknown[] = ['healthy', 'degraded', 'unhealthy']
const usability: readonly unknown[] = ['ready', 'active', 'resting', 'retired']
const openness: readonly unknown[] = ['closed', 'half_open', 'open']

/** `GET /providers` of several workers as that of one server: each provider as the worker sees it that fares worst, and sums. */
export function mergeProviders([first, ...others]: readonly ProvidersReport[]): ProvidersReport {
  if (first === undefined) throw new Error('there is no report to merge')
  const lines = first.providers.map((line) => {
    const same = others.map(({ providers }) => providers.find(({ name }) => name === line['name']))
    return same.filter((other) => other !== undefined).reduce(mergeLines, line)
  })
  return { ...first, providers: lines }
}

function mergeLines(left: Line, right: Line): Line {
  // A provider that is switched off has nothing to add up.
  if (!('breakers' in left && 'breakers' in right)) return left
  const worse = badness.indexOf(right['status']) > badness.indexOf(left['status']) ? right : left
  const merged: Record<string, unknown> = { ...worse }
  for (const name of ['in_flight', 'queued']) merged[name] = sum(left[name], right[name])
  merged['breakers'] = worstStates(left['breakers'], right['breakers'])
  if (Array.isArray(left['keys']) && Array.isArray(right['keys']))
    merged['keys'] = worstKeys(left['keys'] as Line[], right['keys'] as Line[])
  if ('last_check' in left || 'last_check' in right)
    merged['last_check'] = latest(left['last_check'], right['last_check'])
  if ('uptime' in left && 'uptime' in right) merged['uptime'] = least(left['uptime'], right['uptime'])
  return merged
}

/** `GET /health` of several workers, counted over what `GET /providers` says of all of them. */
export function mergeHealth(reports: readonly HealthReport[], providers: ProvidersReport): HealthReport {
  const [first] = reports
  if (first === undefined) throw new Error('there is no report to merge')
  const count = (status: string) => providers.providers.filter((line) => line['status'] === status).length
  const counts = { healthy: count('healthy'), degraded: count('degraded'), unhealthy: count('unhealthy') }
  return {
    ...first,
    status: overallStatus(counts),
    providers: { total: counts.healthy + counts.degraded + counts.unhealthy, ...counts },
    uptime: reports.map(({ uptime }) => uptime).reduce(least),
    last_check: reports.map(({ last_check }) => last_check).reduce(latest),
  }
}

function sum(left: unknown, right: unknown): unknown {
  return typeof left === 'number' && typeof right === 'number' ? left + right : (left ?? right)
}

function worstStates(left: unknown, right: unknown): unknown {
  const states: Record<string, unknown> = { ...(left as object | undefined) }
  for (const [model, state] of Object.entries((right as object | undefined) ?? {})) {
    if (openness.indexOf(state) >= openness.indexOf(states[model])) states[model] = state
  }
  return states
}

/** The same keys in the same order: workers have one configuration. */
function worstKeys(left: readonly Line[], right: readonly Line[]): readonly Line[] {
  return left.map((key) => {
    const same = right.find(({ name }) => name === key['name'])
    return usability.indexOf(same?.['state']) > usability.indexOf(key['state']) ? same! : key
  })
}

/** ISO 8601 texts of one time zone compare like the times; `null`: never. */
function latest<Time>(left: Time, right: Time): Time {
  return right !== null && (left === null || String(right) > String(left)) ? right : left
}

function least<Percent>(left: Percent, right: Percent): Percent {
  return Number.parseFloat(String(right)) < Number.parseFloat(String(left)) ? right : left
}

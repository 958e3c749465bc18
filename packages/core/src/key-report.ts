import type { KeyLine } from './key-ring.ts'
import type { LiveProvider } from './live-provider.ts'
import type { Gauge } from './metrics/ledger.ts'

/** One key in the JSON of `GET /providers`. */
export interface ReportedKey {
  /** The environment variable. */
  readonly name: string
  readonly state: KeyLine['state']
  /** Until a key that is resting is ready, or one that is retired is tried. */
  readonly for_seconds?: number
}

/** The keys of a provider that has several. */
export function reportedKeys({ keys, deployments }: LiveProvider): readonly ReportedKey[] | undefined {
  return keys?.lines(deployments.values()).map(({ name, state, forMs }) => ({
    name,
    state,
    ...(forMs === undefined ? {} : { for_seconds: Math.ceil(forMs / 1000) }),
  }))
}

const values: Readonly<Record<KeyLine['state'], number>> = { active: 0, ready: 0, resting: 1, retired: 2 }

/** The states of keys for metrics. Labels are names of the configuration. */
export function keyGauge(providers: () => Iterable<LiveProvider>): Gauge {
  return {
    name: 'llmproxy_key_state',
    help: 'Each key of a provider that has several: 0 in use or ready, 1 rate limited or refused for a model, 2 refused.',
    read: () =>
      [...providers()].flatMap((live) =>
        (reportedKeys(live) ?? []).map(({ name, state }) => ({
          labels: { provider: live.name, key: name },
          value: values[state],
        })),
      ),
  }
}

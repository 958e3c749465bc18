import type { HealthVerdict } from '@llmproxy/provider-kit'

/** How a provider is asked whether it is well: by a request that is free, by a minimal one that a model answers, or not. */
export type ProbeKind = 'free' | 'generate' | 'off'

/** What became of a probe. */
export interface ProbeReport {
  readonly provider: string
  readonly type: string
  readonly kind: ProbeKind
  /** The variable of the key that was tried, of a provider with several. */
  readonly key?: string
  /** Absent when nothing could be asked. */
  readonly verdict?: HealthVerdict
  /** The HTTP status of the answer; absent when none came. */
  readonly answered?: number
  /** Why nothing was asked. */
  readonly skipped?: string
  /** Milliseconds until the answer was there. */
  readonly durationMs: number
}

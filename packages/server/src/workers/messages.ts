import type { HealthReport, LedgerDump } from '@llmproxy/core'
import type { ConfigTexts } from '../cli/config-file.ts'
import type { ProvidersReport } from './merge-reports.ts'
import type { WorkerPlace } from './shares.ts'

/** What a worker knows of itself, for the routes that tell of the whole server. */
export interface WorkerReport {
  readonly ledger: LedgerDump
  readonly health: HealthReport
  readonly providers: ProvidersReport
}

/** What a worker that begins is told. */
export interface Assignment extends WorkerPlace {
  /** The last configuration that was valid: the files may have been broken since. */
  readonly texts: ConfigTexts
  /** The port that the first worker listens on; absent for the first worker. */
  readonly port?: number
  /** Every worker has a socket of its own on the port; else they share the primary's. */
  readonly reusePort: boolean
}

/** What became of a reload in one worker. It has logged it. */
export type ReloadResult = 'done' | 'refused'

/** The kinds of messages between the primary process and its workers, named by what they carry. */
export const kinds = {
  /** Asked by a worker that begins: its `Assignment`. */
  assignment: 'assignment',
  /** Told by a worker that listens: its port. */
  listening: 'listening',
  /** Asked by a worker: one count of the limits that all workers share. */
  count: 'count',
  /** Told to the primary, and by it to all other workers: a `SharedPause`. */
  pause: 'pause',
  /** Told by the first worker, which checks the providers, and passed on to the others: a `HealthFound`. */
  health: 'health',
  /** Asked of a worker: its `WorkerReport`. */
  report: 'report',
  /** Asked by a worker: the `WorkerReport`s of all. */
  reports: 'reports',
  /** Told by a worker now and then: its `LedgerDump`, which is kept when it dies. */
  ledger: 'ledger',
  /** Asked of a worker: to serve with a `Reading` of the configuration; a `ReloadResult`. */
  reload: 'reload',
  /** Told to a worker: finish what runs, then end. */
  drain: 'drain',
} as const

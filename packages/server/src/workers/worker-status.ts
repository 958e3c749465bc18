import {
  dumpLedger,
  type Gateway,
  type LedgerDump,
  mergeLedgers,
  prometheus,
  type PrometheusFormat,
  specMetrics,
} from '@llmproxy/core'
import type { StatusGateway } from '../served-gateway.ts'
import { askTogether } from './ask-together.ts'
import type { Channel } from './channel.ts'
import { mergeHealth, mergeProviders, type ProvidersReport } from './merge-reports.ts'
import { kinds, type WorkerReport } from './messages.ts'

/** Milliseconds that all workers together have to say how they are. */
const patienceMs = 3_000

type Reporting = Pick<Gateway, 'ledger' | 'health' | 'providers'>

/** What a worker says of itself. */
export function workerReport(gateway: Reporting): WorkerReport {
  return {
    ledger: dumpLedger(gateway.ledger.snapshot()),
    health: gateway.health(),
    providers: gateway.providers() as ProvidersReport,
  }
}

/** What the routes tell of the server: the same from every worker, whichever of them is asked. */
export function workerStatus(gateway: Reporting, channel: Channel): StatusGateway {
  // However many ask for it: the processes have to be asked for each answer, and the first one counts limits meanwhile.
  const everything = askTogether(async () => {
    const all = await channel.ask<{ reports: WorkerReport[]; left?: LedgerDump }>(
      kinds.reports,
      undefined,
      patienceMs,
    )
    const reports = all !== undefined && all.reports.length > 0 ? all.reports : [workerReport(gateway)]
    return { reports, left: all?.left }
  })
  const ledger = async () => {
    const { reports, left } = await everything()
    const dumps = reports.map((report) => report.ledger)
    return mergeLedgers(left === undefined ? dumps : [...dumps, left])
  }
  const providers = async () => mergeProviders((await everything()).reports.map((report) => report.providers))
  return {
    metrics: async () => specMetrics(await ledger()),
    prometheus: async (format?: PrometheusFormat) => prometheus(await ledger(), format),
    providers,
    health: async () => {
      const { reports } = await everything()
      return mergeHealth(
        reports.map(({ health }) => health),
        mergeProviders(reports.map((report) => report.providers)),
      )
    },
  }
}

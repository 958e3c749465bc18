// The gateway of the condensation benchmark. Answers each message with what it has used so far, and with its summaries since the last one.
import { createGateway, type GatewayConfigInput, type SummaryReport } from '@llmproxy/core'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { buildApp } from '@llmproxy/server'
import type { AddressInfo } from 'node:net'

/** What it tells of itself. */
export interface GatewayState {
  /** Milliseconds of processor time, of all threads. */
  readonly cpuMs: number
  readonly summaries: readonly SummaryReport[]
}

const summaries: SummaryReport[] = []
const gateway = await createGateway(JSON.parse(process.argv[2] ?? '{}') as GatewayConfigInput, {
  plugins: [openaiCompatible],
  observeSummary: (report) => void summaries.push(report),
})
const silent = () => undefined
const app = buildApp(gateway, {
  settings: gateway.config,
  log: { debug: silent, info: silent, warn: silent, error: console.error },
})
await app.listen({ host: '127.0.0.1', port: 0 })

process.on('message', () => {
  const { user, system } = process.cpuUsage()
  process.send?.({ cpuMs: (user + system) / 1000, summaries: summaries.splice(0) } satisfies GatewayState)
})
process.once('disconnect', () => {
  app.server.closeAllConnections()
  void app
    .close()
    .then(() => gateway.close())
    .then(() => process.exit(0))
})
process.send?.({ port: (app.server.address() as AddressInfo).port })

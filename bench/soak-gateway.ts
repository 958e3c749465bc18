// The gateway of the soak, in a process that answers questions about itself. Needs --expose-gc.
import { checkConfig } from '@llmproxy/core'
import openaiCompatible from '@llmproxy/provider-openai-compatible'
import { startServer } from '@llmproxy/server'
import type { ProcessState } from './parts/process-state.ts'
import { soakModels } from './parts/soak-request.ts'

const [upstream = '', logFile = '', key = ''] = process.argv.slice(2)
const unlimited = 1_000_000_000

const server = await startServer(
  checkConfig({
    port: 0,
    api_keys: [{ key, name: 'soak' }],
    rate_limit_rpm: unlimited,
    rate_limits: { chat: unlimited },
    log_file: logFile,
    // Breakers open and close many times in one run.
    circuit_breaker_timeout: 0.25,
    max_attempts: 2,
    providers: [
      {
        name: 'soak',
        type: 'openai_compatible',
        base_url: `${upstream}/v1`,
        max_connections: 1000,
        keepalive_timeout: 1,
        retry_delay: 0.01,
        models: soakModels,
      },
    ],
  }),
  { plugins: [openaiCompatible], version: 'soak', print: () => undefined },
)

process.on('message', () => {
  void state().then((answer) => process.send?.(answer))
})
process.once('disconnect', () => void server.close().then(() => process.exit(0)))
process.send?.({ port: Number(new URL(server.url).port) })

/** After several collections, because finalizers free only what the one before has found. */
async function state(): Promise<ProcessState> {
  for (let index = 0; index < 4; index++) {
    await globalThis.gc?.({ type: 'major', execution: 'async' })
  }
  const { heapUsed, external, rss } = process.memoryUsage()
  const handles: Record<string, number> = {}
  for (const name of process.getActiveResourcesInfo()) handles[name] = (handles[name] ?? 0) + 1
  return { heapUsed, external, rss, handles }
}

// Many requests of every kind through one gateway; then nothing may be left of them. Exit code 1 when something is.
//   node bench/soak.ts [--quick] [--requests 200000]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { type Child, startChild } from './parts/child.ts'
import { type ProcessState, sockets } from './parts/process-state.ts'
import { checkSoak, megabytes, type SoakFindings } from './parts/soak-checks.ts'
import { sendOne } from './parts/soak-client.ts'
import { requestCounts } from './parts/soak-metrics.ts'
import { soakRequest } from './parts/soak-request.ts'

const { values: flags } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, requests: { type: 'string' } },
})

const connections = 64
const key = 'soak-client-key'
const limitMs = 20 * 60_000
const restLimitMs = 30_000

/** Sends the requests from `from` up to `to` and counts how they looked. The clients' connections are closed afterwards. */
async function half(port: number, from: number, to: number, seen: Record<string, number>): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1, allowH2: false })
  let next = from
  const client = async (): Promise<void> => {
    while (next < to) {
      const index = next++
      const how = await sendOne(pool, soakRequest(index), key)
      seen[how] = (seen[how] ?? 0) + 1
      if ((index + 1) % 20_000 === 0) console.log(`${index + 1} requests`)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  await pool.close()
}

/** The state of the gateway once its idle connections are gone. */
async function atRest(gateway: Child): Promise<ProcessState> {
  const until = Date.now() + restLimitMs
  let state = (await gateway.ask({})) as ProcessState
  while (sockets(state) > 0 && Date.now() < until) {
    await sleep(500)
    state = (await gateway.ask({})) as ProcessState
  }
  return state
}

async function soak(gateway: Child, requests: number): Promise<SoakFindings> {
  const seen: Record<string, number> = {}
  const middle = Math.floor(requests / 2)
  await half(gateway.port, 0, middle, seen)
  const first = await atRest(gateway)
  await half(gateway.port, middle, requests, seen)
  const end = await atRest(gateway)
  return { requests, seen, counts: await requestCounts(gateway.port, key), half: first, end }
}

function report(findings: SoakFindings, seconds: number): boolean {
  const { requests, seen, counts } = findings
  console.log(`\n${requests} requests over ${connections} connections in ${seconds.toFixed(0)} s`)
  console.log('as the clients saw them:', seen)
  console.log('as the gateway counted them:', counts.settled)
  for (const [name, state] of Object.entries({ half: findings.half, end: findings.end }))
    console.log(
      `at the ${name}: heap ${megabytes(state.heapUsed)}, outside ${megabytes(state.external)}, RSS ${megabytes(state.rss)},`,
      state.handles,
    )
  const checks = checkSoak(findings)
  for (const { name, found, passed } of checks)
    console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name}: ${found}`)
  return checks.every(({ passed }) => passed)
}

async function main(): Promise<void> {
  const requests = Number(flags.requests ?? (flags.quick ? 20_000 : 200_000))
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-soak-'))
  const upstream = await startChild('soak-upstream.ts')
  const gateway = await startChild('soak-gateway.ts', {
    arguments: [`http://127.0.0.1:${upstream.port}`, join(folder, 'requests.log'), key],
    execArgv: ['--expose-gc'],
  })
  const limit = setTimeout(() => {
    console.error(`FAILED  the soak did not end within ${limitMs / 60_000} minutes`)
    process.exit(1)
  }, limitMs)
  try {
    const startedAt = performance.now()
    const findings = await soak(gateway, requests)
    if (!report(findings, (performance.now() - startedAt) / 1000)) process.exitCode = 1
  } finally {
    clearTimeout(limit)
    await Promise.all([gateway.stop(), upstream.stop()])
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()

// A gateway of several workers under load, while its upstreams and workers are killed and frozen and its configuration is replaced
// and broken. Exit code 1 when a client was lied to, or anything is left over.
//   node bench/chaos.ts [--quick] [--seconds 600] [--requests 200000]
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Pool } from 'undici'
import { checkChaos } from './parts/chaos-checks.ts'
import { askChaos, type ChaosSeen } from './parts/chaos-client.ts'
import { chaosKey, ChaosGateway } from './parts/chaos-gateway.ts'
import { readJournals } from './parts/chaos-journal.ts'
import { chaosRequest } from './parts/chaos-request.ts'
import { ChaosUpstream } from './parts/chaos-upstreams.ts'
import { requestCounts } from './parts/soak-metrics.ts'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    seconds: { type: 'string' },
    requests: { type: 'string' },
  },
})

const connections = 32
const beatMs = 1_500
/** Longer than every time limit of the gateway together. */
const endsWithinMs = 30_000

interface Load {
  readonly seen: ChaosSeen[]
  sent: number
  stopped: boolean
}

/** Keeps every connection busy until the load is stopped. */
async function loadUntilStopped(port: number, load: Load, requests: number): Promise<void> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections, pipelining: 1, allowH2: false })
  const client = async (): Promise<void> => {
    while (!load.stopped && load.sent < requests) {
      const seen = await askChaos(pool, chaosRequest(load.sent++), chaosKey)
      load.seen.push(seen)
      // A connection that is refused is tried again at once: that is no load, that is a loop.
      if (seen.how === 'connection lost') await sleep(20)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  await pool.destroy()
}

/** What happens to the gateway, one after the other, again and again. Each puts right what it has broken. */
function disasters(gateway: ChaosGateway, [first, second]: readonly ChaosUpstream[]) {
  let killed = 0
  const restartLater = async (upstream: ChaosUpstream): Promise<void> => {
    await upstream.kill()
    await sleep(beatMs / 2)
    await upstream.start()
  }
  const all: readonly (readonly [string, () => Promise<void>])[] = [
    ['the first upstream is killed', () => restartLater(first!)],
    [
      'the second upstream freezes, and thaws',
      async () => {
        second!.freeze()
        await sleep(beatMs)
        second!.thaw()
      },
    ],
    [
      'a worker is killed',
      async () => {
        gateway.killWorker(killed++)
        await sleep(beatMs / 2)
      },
    ],
    [
      'the configuration is replaced',
      async () => {
        gateway.writeConfig(0.01 + (killed % 5) / 100)
        await sleep(beatMs / 2)
      },
    ],
    [
      'the first two upstreams are killed',
      async () => void (await Promise.all([restartLater(first!), restartLater(second!)])),
    ],
    [
      'the configuration is broken, and repaired',
      async () => {
        gateway.breakConfig()
        gateway.reload()
        await sleep(beatMs / 2)
        gateway.writeConfig(0.02)
        gateway.reload()
      },
    ],
    [
      'the first upstream freezes, and thaws',
      async () => {
        first!.freeze()
        await sleep(beatMs * 2)
        first!.thaw()
      },
    ],
  ]
  return { all, killed: () => killed }
}

async function recover(port: number): Promise<{ sent: number; complete: number }> {
  const pool = new Pool(`http://127.0.0.1:${port}`, { connections: 8, pipelining: 1, allowH2: false })
  const requests = Array.from({ length: 100 }, (_, index) => ({
    ...chaosRequest(index % 8),
    id: `recovery-${index}`,
  }))
  const seen = await Promise.all(requests.map((request) => askChaos(pool, request, chaosKey)))
  await pool.destroy()
  return { sent: requests.length, complete: seen.filter(({ how }) => how === 'complete').length }
}

async function run(folder: string, milliseconds: number, requests: number): Promise<boolean> {
  const upstreams = [0, 1, 2].map((index) => new ChaosUpstream(folder, index))
  for (const upstream of upstreams) await upstream.start()
  const gateway = new ChaosGateway(
    folder,
    upstreams.map(({ port }) => port),
  )
  await gateway.start()
  const load: Load = { seen: [], sent: 0, stopped: false }
  const loading = loadUntilStopped(gateway.port, load, requests)
  const { all, killed } = disasters(gateway, upstreams)
  const until = Date.now() + milliseconds
  for (let turn = 0; Date.now() < until && load.sent < requests; turn++) {
    const [what, happen] = all[turn % all.length]!
    console.log(`${String(load.sent).padStart(7)} requests: ${what}`)
    await happen()
    await sleep(beatMs / 3)
  }
  load.stopped = true
  const ended = await Promise.race([loading.then(() => true), sleep(endsWithinMs, false)])
  if (!ended)
    console.log(
      `${load.sent - load.seen.length} requests have not ended ${endsWithinMs / 1000} s after the last one began`,
    )
  // What ends only because the gateway ends does not count.
  const [sent, seen] = [load.sent, [...load.seen]]
  // Breakers close, retired connections end, killed workers are replaced, counters reach the primary process.
  await sleep(4_000)
  const recovered = await recover(gateway.port)
  // Longer than idle upstream connections are kept: these upstreams announce 10 s.
  await sleep(10_000)
  const socketsLeft = gateway.sockets()
  const counts = await requestCounts(gateway.port, chaosKey)
  const workersAlive = gateway.workers().length
  const exitCode = await gateway.stop()
  const journal = readJournals(upstreams.map((upstream) => upstream.journal))
  await Promise.all(upstreams.map((upstream) => upstream.kill()))
  report(seen, counts.settled)
  const checks = checkChaos({
    sent,
    seen,
    journal,
    counts,
    workersKilled: killed(),
    workersAlive,
    recovered,
    exitCode,
    socketsLeft,
  })
  for (const { name, found, passed } of checks)
    console.log(`${passed ? 'ok    ' : 'FAILED'}  ${name}: ${found}`)
  return checks.every(({ passed }) => passed)
}

function report(seen: readonly ChaosSeen[], settled: Readonly<Record<string, number>>): void {
  const how: Record<string, number> = {}
  for (const each of seen) {
    const name = each.how === 'error' ? `error ${each.status}` : each.how
    how[name] = (how[name] ?? 0) + 1
  }
  console.log('\nas the clients saw them:', how)
  console.log('as the gateway counted them:', settled)
}

async function main(): Promise<void> {
  const seconds = Number(flags.seconds ?? (flags.quick ? 30 : 600))
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-chaos-'))
  try {
    if (!(await run(folder, seconds * 1000, Number(flags.requests ?? 200_000)))) process.exitCode = 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

await main()

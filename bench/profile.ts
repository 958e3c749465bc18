// Where the processor time of the gateway goes: runs it under `--cpu-prof` with one kind of load and prints self times.
//   node bench/profile.ts [small|flat|paced] [gateway|bare] [lines]
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './parts/child.ts'
import { type CpuProfile, type ProfileLine, summarise } from './parts/cpu-profile.ts'
import { startGateway } from './parts/gateway.ts'
import { type LoadJob, type LoadResult } from './parts/load-job.ts'

type Kind = 'small' | 'flat' | 'paced'
type Shape = Pick<LoadJob, 'model' | 'stream' | 'connections' | 'requests'>

const loads: Readonly<Record<Kind, Shape>> = {
  small: { model: 'bench-whole', stream: false, connections: 32, requests: 40_000 },
  flat: { model: 'bench-flat-2000', stream: true, connections: 8, requests: 300 },
  paced: { model: 'bench-paced-100', stream: true, connections: 40, requests: 320 },
}

async function profile(kind: Kind, of: string): Promise<CpuProfile> {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-profile-'))
  const upstream = await startChild('upstream.ts')
  const load = await startChild('load.ts')
  const options = ['--cpu-prof', `--cpu-prof-dir=${folder}`, '--cpu-prof-interval=250']
  const proxy =
    of === 'bare'
      ? await startChild('bare-proxy.ts', {
          arguments: [`http://127.0.0.1:${upstream.port}`],
          execArgv: options,
        })
      : await startGateway(upstream.port, folder, options)
  try {
    const job: LoadJob = {
      ...loads[kind],
      port: proxy.port,
      leastBytes: 500,
      startGapMs: 0.25,
      limitMs: 60_000,
    }
    const { failures } = (await load.ask(job)) as LoadResult
    if (Object.keys(failures).length > 0) throw new Error(`requests failed: ${JSON.stringify(failures)}`)
  } finally {
    // The profile is written when the process ends.
    await proxy.stop()
    await Promise.all([load.stop(), upstream.stop()])
  }
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (file === undefined) throw new Error('the process wrote no profile')
  const read = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
  rmSync(folder, { recursive: true, force: true })
  return read
}

function print(
  title: string,
  lines: readonly ProfileLine[],
  { count, requests }: { count: number; requests: number },
): void {
  console.log(`
${title}`)
  for (const { name, milliseconds, share } of lines.slice(0, count)) {
    const each = ((milliseconds * 1000) / requests).toFixed(1)
    console.log(`${(share * 100).toFixed(1).padStart(6)} %  ${each.padStart(8)} µs a request  ${name}`)
  }
}

const [kind = 'small', of = 'gateway', count = '25'] = process.argv.slice(2)
if (!(kind in loads)) throw new Error(`unknown load "${kind}": choose ${Object.keys(loads).join(', ')}`)
if (of !== 'gateway' && of !== 'bare') throw new Error(`unknown process "${of}": choose gateway or bare`)
const { requests } = loads[kind as Kind]
const summary = summarise(await profile(kind as Kind, of))
console.log(
  `${of}, ${kind}: ${summary.busyMilliseconds.toFixed(0)} ms busy on the main thread for ${requests} requests, start included`,
)
print('self time by function', summary.functions, { count: Number(count), requests })
print('self time by package', summary.packages, { count: 15, requests })

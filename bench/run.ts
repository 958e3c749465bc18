// The benchmark: the gateway with every feature on, against the least that a proxy can do and against nginx, in one run.
//   node bench/run.ts [--quick] [--json] [--check]
import { existsSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { type Contenders, startContenders } from './parts/contenders.ts'
import { countLines } from './parts/count-lines.ts'
import type { Measurements } from './parts/measurements.ts'
import { type Plan, plan } from './parts/plan.ts'
import { measurementTable, verdictTable } from './parts/report.ts'
import { measureRounds } from './parts/rounds.ts'
import { measureStarts } from './parts/starts.ts'
import { judge } from './parts/verdicts.ts'

const { values: flags } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
})

async function measure(
  contenders: Contenders,
  measured: Plan,
  say: (line: string) => void,
): Promise<Measurements> {
  say(`${contenders.proxies.map(({ name }) => name).join(', ')}: warming up`)
  const measurements = await measureRounds(contenders, measured, say)
  say('starts')
  const starts = await measureStarts(contenders.direct.port, measured.starts)
  Object.assign(measurements.start, starts)
  return measurements
}

async function main(): Promise<void> {
  if (!existsSync('/proc/self/stat')) {
    console.error('the benchmark reads processor time from /proc, which only Linux has')
    process.exitCode = 2
    return
  }
  const startedAt = performance.now()
  const say = (line: string): void => console.error(line)
  const measured = plan(flags.quick)
  const contenders = await startContenders()
  try {
    if (contenders.proxies.length < 3)
      say('nginx is not installed: its column and the budget against it are left out')
    const measurements = await measure(contenders, measured, say)
    const verdicts = judge(measurements)
    const machine = { cpus: cpus().length, model: cpus()[0]?.model ?? '', node: process.version }
    const seconds = Math.round((performance.now() - startedAt) / 1000)
    const logLines = await countLines(contenders.folder)
    if (flags.json)
      console.log(JSON.stringify({ machine, seconds, logLines, measurements, verdicts }, null, 2))
    else {
      console.log(
        `${machine.cpus} × ${machine.model}, Node ${machine.node}, ${measured.rounds} rounds, ${seconds} s`,
      )
      console.log(`the gateway wrote ${logLines} request log lines\n`)
      console.log(`${measurementTable(measurements)}\n\n${verdictTable(verdicts)}`)
    }
    if (flags.check && verdicts.some(({ inside }) => inside === false)) process.exitCode = 1
  } finally {
    await contenders.stop()
  }
}

await main()

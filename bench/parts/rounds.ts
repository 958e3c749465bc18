import type { Contender, Contenders } from './contenders.ts'
import type { LoadJob, LoadResult } from './load-job.ts'
import { type Measurements, type MeasureName, noMeasurements, record, type Samples } from './measurements.ts'
import type { Plan, Shape } from './plan.ts'
import { cpuTime, residentBytes } from './process-usage.ts'
import { spread } from './statistics.ts'

interface Sample {
  /** Microseconds. */
  readonly cpu: number
  readonly helperCpu: number
  readonly perSecond: number
  readonly reads: number
  readonly firstByteMs: number
}

/** Every contender in turn in every round, so that whatever else the machine does falls on all of them alike. */
export async function measureRounds(
  contenders: Contenders,
  plan: Plan,
  progress: (line: string) => void,
): Promise<Measurements> {
  const measurements = noMeasurements()
  for (const contender of contenders.proxies)
    for (const shape of plan.warmUp) await sample(contenders, contender, shape)
  for (let round = 0; round < plan.rounds; round++) {
    progress(`round ${round + 1} of ${plan.rounds}`)
    // There and back, so that nobody always comes after the same one.
    const proxies = round % 2 === 0 ? contenders.proxies : contenders.proxies.toReversed()
    const inOrder = { ...contenders, proxies }
    await measureSmall(inOrder, plan, measurements)
    await measureFlat(inOrder, plan, measurements)
    for (let index = 0; index < plan.pacedSamples; index++)
      await measurePaced(inOrder, plan, plan.paced, measurements.pacedCpu)
    await measurePaced(inOrder, plan, plan.pacedFew, measurements.pacedFewCpu)
    for (const contender of [...proxies, contenders.direct]) {
      const { firstByteMs } = await sample(contenders, contender, plan.firstToken)
      record(measurements.firstToken, contender.name, firstByteMs)
    }
  }
  for (const { name, pid } of contenders.proxies)
    record(measurements.memory, name, residentBytes(pid) / 1_000_000)
  return measurements
}

const smallMeasures = [
  [32, 'smallCpu', 'rate32'],
  [1, 'smallCpu1', 'rate1'],
  [128, 'smallCpu128', 'rate128'],
] as const satisfies readonly (readonly [keyof Plan['small'], MeasureName, MeasureName])[]

async function measureSmall(contenders: Contenders, plan: Plan, measurements: Measurements): Promise<void> {
  for (const [connections, cpu, rate] of smallMeasures) {
    const shape = plan.small[connections]
    for (const contender of contenders.proxies) {
      const taken = await sample(contenders, contender, shape)
      record(measurements[cpu], contender.name, taken.cpu / shape.requests)
      record(measurements[rate], contender.name, taken.perSecond)
      if (connections === 32) record(measurements.helperCpu, contender.name, taken.helperCpu / shape.requests)
    }
  }
}

async function measureFlat(contenders: Contenders, plan: Plan, measurements: Measurements): Promise<void> {
  for (const contender of contenders.proxies) {
    const taken = await sample(contenders, contender, plan.flat)
    const chunks = plan.flat.requests * plan.flatFrames
    record(measurements.flatCpu, contender.name, taken.cpu / chunks)
    record(measurements.flatReads, contender.name, chunks / taken.reads)
  }
}

async function measurePaced(
  contenders: Contenders,
  { pacedFrames }: Plan,
  shape: Shape,
  samples: Samples,
): Promise<void> {
  for (const contender of contenders.proxies) {
    const taken = await sample(contenders, contender, shape)
    record(samples, contender.name, taken.cpu / (shape.requests * pacedFrames))
  }
}

async function sample({ load }: Contenders, { name, pid, port }: Contender, shape: Shape): Promise<Sample> {
  const job: LoadJob = { ...shape, port }
  const before = cpuTime(pid)
  const result = (await load.ask(job)) as LoadResult
  const after = cpuTime(pid)
  if (Object.keys(result.failures).length > 0)
    throw new Error(`${name}, ${shape.model}: requests failed: ${JSON.stringify(result.failures)}`)
  return {
    cpu: after.all - before.all,
    helperCpu: after.helpers - before.helpers,
    perSecond: (result.answered / result.milliseconds) * 1000,
    reads: result.reads,
    firstByteMs: spread(result.firstByteMs).median,
  }
}

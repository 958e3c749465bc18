import type { LoadJob } from './load-job.ts'
import { contentBytes, wholeAnswer } from './payloads.ts'

/** The load of one sample, without the port it goes to. */
export type Shape = Omit<LoadJob, 'port'>

/** How much is measured. */
export interface Plan {
  readonly rounds: number
  readonly starts: number
  readonly warmUp: readonly Shape[]
  readonly small: Readonly<Record<1 | 32 | 128, Shape>>
  readonly flat: Shape
  readonly flatFrames: number
  readonly paced: Shape
  /** Samples of it in each round: its wake-ups depend most on what else the machine does. */
  readonly pacedSamples: number
  readonly pacedFrames: number
  /** The same with few streams: then hardly ever are two events found in one turn of the event loop. */
  readonly pacedFew: Shape
  readonly firstToken: Shape
}

const limitMs = 60_000
const flatFrames = 2000
const pacedFrames = 100

/** The whole plan takes less than four minutes on two busy cores, the quick one about forty seconds. */
export function plan(quick: boolean): Plan {
  const scale = quick ? 0.4 : 1
  const flat = streams(`bench-flat-${flatFrames}`, flatFrames, 8, 40 * scale)
  return {
    rounds: quick ? 5 : 9,
    starts: quick ? 3 : 7,
    // Until the runtime has compiled what it will run: without it the first rounds are up to twice as slow.
    warmUp: [small(32, 20_000 * scale), flat, streams('bench-flat-5', 5, 1, 500), flat],
    small: { 1: small(1, 2000 * scale), 32: small(32, 10_000 * scale), 128: small(128, 6000 * scale) },
    flat,
    flatFrames,
    paced: streams(`bench-paced-${pacedFrames}`, pacedFrames, 50, quick ? 50 : 100),
    pacedFew: streams(`bench-paced-${pacedFrames}`, pacedFrames, 10, 10),
    pacedSamples: quick ? 1 : 2,
    pacedFrames,
    firstToken: streams('bench-flat-5', 5, 1, 200),
  }
}

function small(connections: number, requests: number): Shape {
  return {
    model: 'bench-whole',
    stream: false,
    connections,
    requests,
    leastBytes: wholeAnswer.length,
    startGapMs: 0,
    limitMs,
  }
}

/** The connections start over 10 ms, so that the events of a paced load do not all come at the same moment. */
function streams(model: string, frames: number, connections: number, requests: number): Shape {
  const startGapMs = 10 / connections
  return {
    model,
    stream: true,
    connections,
    requests,
    leastBytes: contentBytes(frames),
    startGapMs: connections === 1 ? 0 : startGapMs,
    limitMs,
  }
}

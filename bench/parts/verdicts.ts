import { type Measurements, paired } from './measurements.ts'
import { type Spread, spread } from './statistics.ts'

/** A limit of the design, and what this run says about it. */
export interface Verdict {
  readonly budget: string
  readonly limit: number
  readonly unit: '×' | 'ms'
  /** Over the rounds; `undefined` when one side could not be measured. */
  readonly found: Spread | undefined
  readonly inside: boolean | undefined
}

const ratio = (a: number, b: number): number => a / b
const difference = (a: number, b: number): number => a - b

/** The budget: the median of the rounds' ratios, each taken between neighbours in time. */
export function judge({ smallCpu, flatCpu, pacedCpu, firstToken }: Measurements): Verdict[] {
  return [
    verdict('CPU of a small request / bare proxy', 1.15, '×', paired(smallCpu, 'gateway', 'bare', ratio)),
    verdict('CPU of a chunk, flat out / nginx', 1.2, '×', paired(flatCpu, 'gateway', 'nginx', ratio)),
    verdict('CPU of a chunk every 10 ms / bare proxy', 1.15, '×', paired(pacedCpu, 'gateway', 'bare', ratio)),
    verdict('first token, added to direct', 0.5, 'ms', paired(firstToken, 'gateway', 'direct', difference)),
  ]
}

function verdict(budget: string, limit: number, unit: Verdict['unit'], values: readonly number[]): Verdict {
  if (values.length === 0) return { budget, limit, unit, found: undefined, inside: undefined }
  const found = spread(values)
  return { budget, limit, unit, found, inside: found.median <= limit }
}

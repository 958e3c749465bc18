import type { ContenderName } from './contenders.ts'
import { type Measurements, measures, type MeasureName, paired } from './measurements.ts'
import { type Spread, spread } from './statistics.ts'
import type { Verdict } from './verdicts.ts'

const columns: readonly ContenderName[] = ['gateway', 'bare', 'nginx', 'direct']
const titleWidth = 40
const columnWidth = 24

/** Median, and the least and most of all rounds, of every measure. */
export function measurementTable(measurements: Measurements): string {
  const head = `${''.padEnd(titleWidth)}${'unit'.padEnd(8)}${columns.map((name) => name.padEnd(columnWidth)).join('')}to bare  to nginx`
  const rows = (Object.keys(measures) as MeasureName[]).map((name) => {
    const { title, unit } = measures[name]
    const samples = measurements[name]
    const cells = columns.map((column) => {
      const values = samples[column]
      return (values === undefined ? '' : spreadText(spread(values))).padEnd(columnWidth)
    })
    const ratios = (['bare', 'nginx'] as const).map((against) => {
      const values = paired(samples, 'gateway', against, (a, b) => a / b)
      const { median } = values.length === 0 ? { median: Number.NaN } : spread(values)
      return Number.isFinite(median) ? `${median.toFixed(2)} ×` : ''
    })
    return `${title.padEnd(titleWidth)}${unit.padEnd(8)}${cells.join('')}${ratios[0]!.padEnd(9)}${ratios[1]!}`.trimEnd()
  })
  return [head, ...rows].join('\n')
}

export function verdictTable(verdicts: readonly Verdict[]): string {
  return verdicts
    .map(({ budget, limit, unit, found, inside }) => {
      const measured = found === undefined ? 'not measured' : `${spreadText(found)} ${unit}`
      const said = inside === undefined ? '–' : inside ? 'inside' : 'OUTSIDE'
      return `${budget.padEnd(titleWidth)}at most ${`${limit} ${unit}`.padEnd(8)}${measured.padEnd(28)}${said}`
    })
    .join('\n')
}

function spreadText({ median, least, most }: Spread): string {
  return least === most
    ? numberText(median)
    : `${numberText(median)} (${numberText(least)}–${numberText(most)})`
}

function numberText(value: number): string {
  return value.toFixed(Math.abs(value) >= 1000 ? 0 : Math.abs(value) >= 20 ? 1 : 2)
}

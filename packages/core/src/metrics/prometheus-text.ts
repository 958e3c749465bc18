import type { Histogram } from './histogram.ts'

/** `text`: the classic exposition format 0.0.4. `openmetrics`: OpenMetrics 1.0. */
export type PrometheusFormat = 'text' | 'openmetrics'

export type Labels = Readonly<Record<string, string>>

export interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** One family of samples. `name` is without `_total`. */
export interface Family {
  readonly name: string
  readonly help: string
  readonly type: 'counter' | 'gauge'
  readonly samples: readonly Sample[]
}

export interface HistogramFamily {
  readonly name: string
  readonly help: string
  readonly series: readonly { readonly labels: Labels; readonly histogram: Histogram }[]
}

/** HELP, TYPE and samples. The classic format names a counter's family with its suffix, OpenMetrics without. */
export function familyText({ name, help, type, samples }: Family, format: PrometheusFormat): string {
  const sampleName = type === 'counter' ? `${name}_total` : name
  const lines = samples.map(({ labels, value }) => `${sampleName}${labelText(labels)} ${numberText(value)}\n`)
  return header(format === 'openmetrics' ? name : sampleName, help, type) + lines.join('')
}

export function histogramText({ name, help, series }: HistogramFamily): string {
  let text = header(name, help, 'histogram')
  for (const { labels, histogram } of series) {
    let count = 0
    histogram.counts.forEach((inBucket, index) => {
      count += inBucket
      const bound = histogram.bounds[index]
      const le = bound === undefined ? '+Inf' : numberText(bound)
      text += `${name}_bucket${labelText({ ...labels, le })} ${count}\n`
    })
    text += `${name}_sum${labelText(labels)} ${numberText(histogram.sum)}\n`
    text += `${name}_count${labelText(labels)} ${count}\n`
  }
  return text
}

function header(name: string, help: string, type: string): string {
  return `# HELP ${name} ${help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')}\n# TYPE ${name} ${type}\n`
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return String(value)
}

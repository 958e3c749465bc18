import type { ContenderName } from './contenders.ts'

/** What is measured, in the order of the table. */
export const measures = {
  smallCpu: { title: 'small request, 32 connections', unit: 'CPU µs' },
  helperCpu: { title: '  of it beside the main thread', unit: 'CPU µs' },
  smallCpu1: { title: 'small request, 1 connection', unit: 'CPU µs' },
  smallCpu128: { title: 'small request, 128 connections', unit: 'CPU µs' },
  flatCpu: { title: 'streamed chunk, flat out, 8 streams', unit: 'CPU µs' },
  flatReads: { title: '  chunks that the client reads at once', unit: 'chunks' },
  pacedCpu: { title: 'streamed chunk, each 10 ms, 50 streams', unit: 'CPU µs' },
  pacedFewCpu: { title: 'streamed chunk, each 10 ms, 10 streams', unit: 'CPU µs' },
  firstToken: { title: 'time to the first token', unit: 'ms' },
  rate1: { title: 'small requests, 1 connection', unit: 'per s' },
  rate32: { title: 'small requests, 32 connections', unit: 'per s' },
  rate128: { title: 'small requests, 128 connections', unit: 'per s' },
  start: { title: 'start, from spawn to the first 200', unit: 'ms' },
  memory: { title: 'memory after the load (RSS)', unit: 'MB' },
} as const

export type MeasureName = keyof typeof measures

/** One value for each round. Values at the same index were taken one after the other. */
export type Samples = Partial<Record<ContenderName, number[]>>
export type Measurements = Readonly<Record<MeasureName, Samples>>

export function noMeasurements(): Measurements {
  return Object.fromEntries(Object.keys(measures).map((name) => [name, {}])) as Measurements
}

export function record(samples: Samples, contender: ContenderName, value: number): void {
  ;(samples[contender] ??= []).push(value)
}

/** `value(a[i], b[i])` for every round in which both were measured. */
export function paired(
  samples: Samples,
  of: ContenderName,
  against: ContenderName,
  value: (a: number, b: number) => number,
): number[] {
  const others = samples[against] ?? []
  return (samples[of] ?? []).slice(0, others.length).map((each, index) => value(each, others[index]!))
}

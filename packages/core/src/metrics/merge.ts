import type { BreakerState } from '../resilience/breaker.ts'
import { Histogram } from './histogram.ts'
import type { LedgerSnapshot } from './ledger.ts'

/** A ledger as plain JSON values, for another process of the same server. */
export type LedgerDump = Readonly<Record<string, unknown>>

/** The counters as they are now. Gauges are read. */
export function dumpLedger(snapshot: LedgerSnapshot): LedgerDump {
  const gauges = snapshot.gauges.map(({ name, help, read }) => ({ name, help, read: read() }))
  return plain({ ...snapshot, gauges }) as LedgerDump
}

/** The counters of several processes as those of one: sums, the worst state of each breaker, the highest value of each gauge. */
export function mergeLedgers(dumps: readonly LedgerDump[]): LedgerSnapshot {
  const [first, ...others] = dumps
  if (first === undefined) throw new Error('there is no ledger to merge')
  const merged = others.reduce<unknown>((sum, dump) => merge(sum, dump, ''), first)
  const snapshot = revived(merged) as Record<string, unknown> & { gauges: { read: unknown }[] }
  const gauges = snapshot.gauges.map((gauge) => ({ ...gauge, read: () => gauge.read }))
  return { ...snapshot, gauges } as unknown as LedgerSnapshot
}

/**
 * What a process that has gone leaves behind: its counters count on, its states do not. The requests that it took with it have ended
 * like those that an upstream cuts.
 */
export function retiredDump(dump: LedgerDump): LedgerDump {
  const started = dump['started'] as Record<string, number>
  const settled = structuredClone(dump['settled']) as Record<string, Record<string, number>>
  for (const [operation, count] of Object.entries(started)) {
    const endings = settled[operation]!
    const ended = Object.values(endings).reduce((sum, value) => sum + value, 0)
    endings['upstream_cut'] = (endings['upstream_cut'] ?? 0) + Math.max(0, count - ended)
  }
  return { ...dump, settled, breakers: [], gauges: [], reloadFailed: false }
}

function plain(value: unknown): unknown {
  if (value instanceof Histogram)
    return { bounds: value.bounds, counts: [...value.counts], sum: value.sum, histogram: true }
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]))
}

function revived(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(revived)
  if (typeof value !== 'object' || value === null) return value
  const members = value as Record<string, unknown>
  if (members['histogram'] !== true)
    return Object.fromEntries(Object.entries(members).map(([name, item]) => [name, revived(item)]))
  const histogram = new Histogram(members['bounds'] as number[])
  histogram.counts.set(members['counts'] as number[])
  histogram.sum = members['sum'] as number
  return histogram
}

const worst: readonly BreakerState[] = ['closed', 'half_open', 'open']

/** Members that are no counters. */
const special: Readonly<Record<string, (left: never, right: never) => unknown>> = {
  at: (left: number, right: number) => Math.max(left, right),
  bounds: (left: unknown) => left,
  read: highest,
  state: (left: BreakerState, right: BreakerState) =>
    worst.indexOf(left) >= worst.indexOf(right) ? left : right,
}

function merge(left: unknown, right: unknown, name: string): unknown {
  if (left === undefined || right === undefined) return left ?? right
  if (Object.hasOwn(special, name)) return special[name]!(left as never, right as never)
  if (typeof left === 'number' && typeof right === 'number') return left + right
  if (typeof left === 'boolean' && typeof right === 'boolean') return left || right
  if (Array.isArray(left) && Array.isArray(right)) return mergeLists(left, right)
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return left
  const [one, other] = [left as Record<string, unknown>, right as Record<string, unknown>]
  const names = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...names].map((key) => [key, merge(one[key], other[key], key)]))
}

/** Buckets by their place, lines by what they are about. */
function mergeLists(left: readonly unknown[], right: readonly unknown[]): unknown[] {
  if (typeof (left[0] ?? right[0]) === 'number')
    return left.map((count, index) => (count as number) + Number(right[index] ?? 0))
  const lines = new Map(left.map((line) => [identity(line), line]))
  for (const line of right) lines.set(identity(line), merge(lines.get(identity(line)), line, ''))
  return [...lines.values()]
}

/** The texts of a line are its labels, except a state. */
function identity(line: unknown): string {
  const labels = Object.entries(line as object).filter(
    ([name, value]) => typeof value === 'string' && name !== 'state',
  )
  return JSON.stringify(labels)
}

type Reading = number | readonly { readonly labels: object; readonly value: number }[]

function highest(left: Reading, right: Reading): Reading {
  if (typeof left === 'number' || typeof right === 'number') {
    return typeof left === 'number' && typeof right === 'number' ? Math.max(left, right) : left
  }
  const samples = new Map(left.map((sample) => [JSON.stringify(sample.labels), sample]))
  for (const sample of right) {
    const key = JSON.stringify(sample.labels)
    const known = samples.get(key)
    if (known === undefined || known.value < sample.value) samples.set(key, sample)
  }
  return [...samples.values()]
}

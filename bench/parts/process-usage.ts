import { readdirSync, readFileSync } from 'node:fs'

/** Processor time in microseconds, user and system. */
export interface CpuTime {
  readonly all: number
  /** Of the threads beside the main one: collector, compiler, file writes. Unknown (0) where only ticks are known. */
  readonly helpers: number
}

/**
 * The processor time that a process has used so far. From the scheduler's nanoseconds
 * where the kernel has them; else utime + stime, which are ticks of 10 ms. Source: proc(5), Documentation/scheduler/sched-stats.
 */
export function cpuTime(pid: number): CpuTime {
  try {
    let all = 0
    let helpers = 0
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const schedule = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
      const microseconds = Number(schedule.split(' ')[0]) / 1000
      all += microseconds
      if (task !== String(pid)) helpers += microseconds
    }
    return { all, helpers }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return { all: cpuFromTicks(pid), helpers: 0 }
  }
}

const ticksPerSecond = 100

function cpuFromTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name in parentheses may contain spaces; utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1_000_000) / ticksPerSecond
}

/** Bytes of memory that a process holds. */
export function residentBytes(pid: number): number {
  const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

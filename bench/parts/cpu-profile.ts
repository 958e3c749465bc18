/** What `--cpu-prof` writes, as far as it is read here. Source: the Profiler domain of the DevTools protocol. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  }[]
  readonly samples: readonly number[]
  /** Microseconds before each sample. */
  readonly timeDeltas: readonly number[]
}

export interface ProfileLine {
  readonly name: string
  readonly milliseconds: number
  /** Of the time in which the process was not idle. */
  readonly share: number
}

export interface ProfileSummary {
  readonly busyMilliseconds: number
  readonly functions: readonly ProfileLine[]
  /** The same time by package, `node:` for the runtime's own modules. */
  readonly packages: readonly ProfileLine[]
}

/** Self time by function and by package, largest first. */
export function summarise({ nodes, samples, timeDeltas }: CpuProfile): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]))
  const byFunction = new Map<string, number>()
  const byPackage = new Map<string, number>()
  let busy = 0
  samples.forEach((id, index) => {
    const frame = frames.get(id)
    if (frame === undefined || frame.functionName === '(idle)') return
    const spent = (timeDeltas[index] ?? 0) / 1000
    busy += spent
    add(byFunction, functionLabel(frame), spent)
    add(byPackage, packageLabel(frame), spent)
  })
  return { busyMilliseconds: busy, functions: lines(byFunction, busy), packages: lines(byPackage, busy) }
}

type CallFrame = CpuProfile['nodes'][number]['callFrame']

function functionLabel({ functionName, url, lineNumber }: CallFrame): string {
  const name = functionName === '' ? '(anonymous)' : functionName
  return url === '' ? name : `${name}  ${shortened(url)}:${lineNumber + 1}`
}

const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//

function packageLabel({ functionName, url }: CallFrame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)'
  if (url.startsWith('node:')) return 'node:'
  const name = installed.exec(url)?.[1]
  return name ?? /\/((?:packages|providers|apps)\/[^/]+)\//.exec(url)?.[1] ?? 'other'
}

function shortened(url: string): string {
  const name = installed.exec(url)
  if (name !== null) return `${name[1]}/${url.slice(name[0].length)}`
  return /\/((?:packages|providers|apps)\/.*)/.exec(url)?.[1] ?? url
}

function add(sums: Map<string, number>, name: string, value: number): void {
  sums.set(name, (sums.get(name) ?? 0) + value)
}

function lines(sums: ReadonlyMap<string, number>, busy: number): ProfileLine[] {
  return [...sums]
    .map(([name, milliseconds]) => ({ name, milliseconds, share: milliseconds / busy }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
}

import cluster from 'node:cluster'
import { once } from 'node:events'
import { type HealthFound, systemClock, type SharedPause } from '@llmproxy/core'
import type { ConfigTexts } from '../cli/config-file.ts'
import { digestOf, type Reading } from '../reload/reading.ts'
import type { Limit } from '../store/counter.ts'
import { MemoryCounter } from '../store/memory-counter.ts'
import { Crew, type Member } from './crew.ts'
import { type Assignment, kinds, type ReloadResult } from './messages.ts'

/** The environment variable by which a process knows that it is one of several workers. */
export const workerVariable = 'LLMPROXY_WORKER'

/** Milliseconds after which a worker that dies is taken to have served, and is replaced at once. */
const settledMs = 10_000
const longestDelayMs = 10_000
/** Milliseconds that a worker has to take a configuration into use. */
const reloadPatienceMs = 60_000

/** The event of a worker's process object when it listens. */
const joined = 'llmproxy-joined'

export interface PrimaryOptions {
  readonly count: number
  readonly texts: ConfigTexts
  /** See `Assignment`. */
  readonly reusePort: boolean
  /** One line for people. */
  complain(line: string): void
}

/**
 * The first process of a server with several workers. It serves nobody: it starts the workers, which share one port, replaces
 * those that die, counts for the limits that all of them share, passes pauses of providers from one to the others, and ends with them.
 */
export class Primary {
  readonly #options: PrimaryOptions
  readonly #crew = new Crew()
  readonly #counter = new MemoryCounter(systemClock)
  readonly #ended: Promise<number>
  #end!: (code: number) => void
  #texts: ConfigTexts
  /** Read when nobody served yet. */
  #early: Reading | undefined
  #port: number | undefined
  #started = false
  #stopping = false
  #exitCode = 0
  /** Timers of workers that are to be started again. */
  readonly #restarts = new Set<NodeJS.Timeout>()
  readonly #failures = new Map<number, number>()

  constructor(options: PrimaryOptions) {
    this.#options = options
    this.#texts = options.texts
    this.#ended = new Promise((resolve) => {
      this.#end = resolve
    })
  }

  /**
   * Starts the workers: the first one alone, so that what keeps it from starting is said once. Resolves with `false` when it ended
   * instead of listening.
   */
  async start(): Promise<boolean> {
    if (!(await listening(this.#spawn(0)))) return false
    this.#started = true
    const others = Array.from({ length: this.#options.count - 1 }, (_, index) =>
      listening(this.#spawn(index + 1)),
    )
    await Promise.all(others)
    return true
  }

  /** The exit code, once every worker has ended. */
  get ended(): Promise<number> {
    return this.#ended
  }

  /** Every worker takes what was read into use. What the first one refuses is asked of no other, so it is logged once. */
  async reload(reading: Reading): Promise<void> {
    if (this.#stopping) return
    const serving = this.#crew.members.filter(({ listens }) => listens)
    if (serving.length === 0) this.#early = reading
    for (const first of serving) {
      const result = await askToReload(first, reading)
      // One that has ended meanwhile says nothing about what was read.
      if (result === undefined) continue
      if (result === 'refused' || reading.kind !== 'texts') return
      // A worker that begins later must serve what the others serve; one that has begun is told when it listens.
      this.#texts = reading.texts
      const others = this.#crew.members.filter((member) => member.listens && member !== first)
      await Promise.all(others.map((member) => askToReload(member, reading)))
      return
    }
  }

  /** Every worker finishes what it serves, and ends. */
  stop(): void {
    this.#stopping = true
    for (const timer of this.#restarts) clearTimeout(timer)
    this.#restarts.clear()
    this.#crew.tell(kinds.drain, undefined)
    this.#endWithTheLast()
  }

  /** Ends every worker at once. */
  kill(): void {
    this.#stopping = true
    for (const { process } of this.#crew.members) process.process.kill('SIGKILL')
  }

  #spawn(index: number): Member {
    const member = this.#crew.add(index, cluster.fork({ [workerVariable]: String(index) }))
    const { channel, process } = member
    const startedAt = systemClock.now()
    channel.on(kinds.assignment, () => this.#assignment(member))
    channel.on(kinds.listening, (port: number) => this.#joined(member, port))
    channel.on(kinds.count, ({ caller, limits }: { caller: string; limits: readonly Limit[] }) =>
      this.#counter.hit(caller, limits),
    )
    channel.on(kinds.pause, (pause: SharedPause) => this.#crew.tell(kinds.pause, pause, member))
    channel.on(kinds.health, (found: HealthFound) => this.#crew.tell(kinds.health, found, member))
    channel.on(kinds.reports, () => this.#crew.reports())
    process.once('exit', (code, signal) => {
      this.#crew.remove(member)
      // While it was still loading, a signal to the whole group may have ended it before it could listen to one.
      const asked = signal === 'SIGTERM' || signal === 'SIGINT'
      if (this.#stopping && code !== 0 && !asked) this.#exitCode = 1
      if (this.#stopping || !this.#started) this.#endWithTheLast()
      else this.#restart(index, systemClock.now() - startedAt, code === null ? signal : `exit code ${code}`)
    })
    return member
  }

  /** `null`: the server is ending, there is nothing to do. */
  #assignment(member: Member): Assignment | null {
    if (this.#stopping) return null
    const { count, reusePort } = this.#options
    const port = this.#port
    member.texts = this.#texts
    return { index: member.index, count, texts: this.#texts, reusePort, ...(port !== undefined && { port }) }
  }

  /** The worker listens. What was reloaded while it was starting has not reached it. */
  #joined(member: Member, port: number): void {
    this.#port ??= port
    member.listens = true
    member.process.emit(joined)
    const early = this.#early
    this.#early = undefined
    if (early !== undefined) void this.reload(early)
    else if (member.texts !== this.#texts) {
      const texts = this.#texts
      void askToReload(member, { kind: 'texts', digest: digestOf(texts), texts })
    }
  }

  #restart(index: number, livedMs: number, how: string): void {
    const failures = livedMs >= settledMs ? 0 : (this.#failures.get(index) ?? 0)
    this.#failures.set(index, failures + 1)
    const delayMs = failures === 0 ? 0 : Math.min(longestDelayMs, 100 * 2 ** failures)
    this.#options.complain(
      `worker ${index} has ended (${how}); another takes its place ${delayMs === 0 ? 'now' : `in ${delayMs / 1000} s`}`,
    )
    const timer = setTimeout(() => {
      this.#restarts.delete(timer)
      this.#spawn(index)
    }, delayMs)
    this.#restarts.add(timer)
  }

  #endWithTheLast(): void {
    if (this.#crew.members.length === 0) this.#end(this.#exitCode)
  }
}

/** True when the worker listens, false when it ends before that. */
async function listening({ process }: Member): Promise<boolean> {
  const [listens, ended] = [once(process, joined), once(process, 'exit')]
  return Promise.race([listens.then(() => true), ended.then(() => false)])
}

/** `undefined`: it has not answered. */
function askToReload({ channel }: Member, reading: Reading): Promise<ReloadResult | undefined> {
  return channel.ask<ReloadResult>(kinds.reload, reading, reloadPatienceMs)
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { mostAttempts, workers } from './chaos-checks.ts'
import { endWithThisProcess } from './child.ts'
import { command, portOf } from './gateway.ts'

export const chaosKey = 'client-key-of-the-chaos-run'

/** The gateway of the chaos run: the built command with several workers, in front of three upstreams that are asked in turn. */
export class ChaosGateway {
  readonly #file: string
  readonly #folder: string
  readonly #upstreams: readonly number[]
  #process!: ChildProcess
  port = 0

  constructor(folder: string, upstreams: readonly number[]) {
    this.#folder = folder
    this.#file = join(folder, 'config.yaml')
    this.#upstreams = upstreams
  }

  async start(): Promise<void> {
    this.writeConfig(0.02)
    const child = spawn(process.execPath, [command, 'start', '--config', this.#file], {
      cwd: this.#folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    endWithThisProcess(child)
    this.port = await portOf(child)
  }

  /** Replaces the file by renaming, as editors and deployments do. */
  writeConfig(retryDelay: number): void {
    const unlimited = 1_000_000_000
    const config = {
      host: '127.0.0.1',
      port: this.port,
      workers,
      api_keys: [{ key: chaosKey, name: 'chaos' }],
      rate_limit_rpm: unlimited,
      rate_limits: { chat: unlimited },
      log_file: join(this.#folder, 'requests.log'),
      connect_timeout: 0.5,
      idle_timeout: 2,
      max_attempts: mostAttempts,
      circuit_breaker_timeout: 0.5,
      shutdown_timeout: 10,
      reload_interval: 0.2,
      providers: this.#upstreams.map((port, index) => ({
        name: `upstream-${index}`,
        type: 'openai_compatible',
        base_url: `http://127.0.0.1:${port}/v1`,
        priority: index + 1,
        timeout: 2,
        max_retries: 1,
        retry_delay: retryDelay,
        models: ['chaos', 'chaos-slow'],
      })),
    }
    // JSON is YAML. The port stays what it was, so that no reload asks for a restart.
    this.#replace(JSON.stringify({ ...config, port: 0 }, null, 2))
  }

  breakConfig(): void {
    this.#replace('providers: [{ name: broken, typ: mistake }]\n')
  }

  reload(): void {
    this.#process.kill('SIGHUP')
  }

  /** The processes that serve. */
  workers(): readonly number[] {
    const pid = this.#process.pid!
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
      .trim()
      .split(' ')
      .filter(Boolean)
      .map(Number)
  }

  /** Ends one worker at once, as a crash would. */
  killWorker(turn: number): void {
    const alive = this.workers()
    const pid = alive[turn % alive.length]
    if (pid !== undefined) process.kill(pid, 'SIGKILL')
  }

  /** Connections of clients and upstreams that the workers hold. */
  sockets(): number {
    return this.workers().reduce((sum, pid) => sum + connectionsOf(pid), 0)
  }

  /** Resolves with the exit code. */
  async stop(): Promise<number | null> {
    if (this.#process.exitCode !== null) return this.#process.exitCode
    this.#process.kill('SIGTERM')
    const [code] = (await once(this.#process, 'exit')) as [number | null]
    return code
  }

  #replace(text: string): void {
    const next = `${this.#file}.next`
    writeFileSync(next, text)
    renameSync(next, this.#file)
  }
}

/** Established connections only: a listening socket and the channel to the primary process are not of interest. */
function connectionsOf(pid: number): number {
  const inodes = new Set<string>()
  for (const name of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${name}`))?.[1]
      if (inode !== undefined) inodes.add(inode)
    } catch {
      // Closed while it was looked at.
    }
  }
  const established = '01'
  return readFileSync(`/proc/${pid}/net/tcp`, 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === established && inodes.has(fields[9] ?? '')).length
}

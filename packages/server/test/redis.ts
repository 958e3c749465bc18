import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

const binary = ['redis-server', 'valkey-server'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
)

/** Whether tests that need Redis have to be skipped; says so. */
export const noRedis = binary === undefined
if (noRedis) console.warn('Skipped, because neither redis-server nor valkey-server is installed here.')

export interface RedisServer {
  readonly url: string
  readonly port: number
  /** Sends one inline command and gives its answer as it comes, such as `:1`. */
  readonly send: (command: string) => Promise<string>
  /** From now on it accepts connections and answers nothing, like a machine behind a broken network. */
  freeze(): void
  thaw(): void
  /** Ends it without a farewell, and waits for that. */
  kill(): Promise<void>
  /** Starts it again, empty, on the same port. */
  start(): Promise<void>
}

/** A Redis of the test's own on a free port of loopback, gone with the test. `more`: further arguments. */
export async function startRedis(more: readonly string[] = []): Promise<RedisServer> {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-redis-'))
  const port = await freePort()
  let child: ChildProcess | undefined
  const start = async () => {
    const words = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...more]
    child = spawn(binary!, words, { stdio: 'ignore' })
    for (let tries = 0; !(await answers(port)); tries += 1) {
      if (child.exitCode !== null || tries > 400)
        throw new Error(`redis-server did not start on port ${port}`)
      await sleep(5)
    }
  }
  const kill = () =>
    new Promise<void>((resolve) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', () => resolve())
      child.kill('SIGKILL')
    })
  onTestFinished(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    send: (command) => ask(port, command),
    freeze: () => void child?.kill('SIGSTOP'),
    thaw: () => void child?.kill('SIGCONT'),
    kill,
    start,
  }
}

/** A port of loopback that nobody listens at. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })
}

async function answers(port: number): Promise<boolean> {
  return ask(port, 'PING').then(
    (line) => line !== '',
    () => false,
  )
}

function ask(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`${command}\r\nQUIT\r\n`))
    let text = ''
    socket.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
    })
    const farewell = '\r\n+OK\r\n'
    socket.on('error', reject).on('close', () => resolve(text.slice(0, -farewell.length)))
  })
}

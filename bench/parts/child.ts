import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** A process that was started for a measurement. */
export interface Child {
  readonly pid: number
  /** Where it listens on 127.0.0.1. */
  readonly port: number
  /** Sends one message and resolves with the next one that comes back. */
  ask(message: object): Promise<unknown>
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly arguments?: readonly string[]
  readonly execArgv?: readonly string[]
}

/** Starts a script of this folder. Its first message is `{ port }`. */
export async function startChild(script: string, options: ChildOptions = {}): Promise<Child> {
  const file = fileURLToPath(new URL(`../${script}`, import.meta.url))
  const child = fork(file, options.arguments ?? [], {
    execArgv: [...(options.execArgv ?? [])],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { port } = (await nextMessage(child, script)) as { port: number }
  return {
    pid: child.pid!,
    port,
    ask: (message) => {
      child.send(message)
      return nextMessage(child, script)
    },
    stop: () => {
      // The scripts end by themselves then, which lets `--cpu-prof` write its file; a signal would not.
      child.disconnect()
      return ended(child)
    },
  }
}

function nextMessage(child: ChildProcess, script: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null): void => reject(new Error(`${script} ended with ${code}`))
    child.once('exit', ended)
    child.once('message', (message) => {
      child.removeListener('exit', ended)
      resolve(message)
    })
  })
}

/** Ends a process that has no channel to this one when this one ends, interrupted or not. */
export function endWithThisProcess(child: ChildProcess): void {
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  child.once('exit', () => process.removeListener('exit', kill))
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    if (process.listenerCount(signal) === 0) process.once(signal, () => process.exit(1))
}

/** Asks a process to end; kills it when it has not after five seconds. */
export function stopProcess(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM')
  return ended(child)
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await once(child, 'exit')
  clearTimeout(timer)
}

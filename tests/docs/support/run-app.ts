import { type ChildProcess, spawn } from 'node:child_process'
import { root } from './markdown.ts'

/** The app as a process of its own, started from its sources with a configuration file. */
export interface RunningApp extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** What it has printed until it listened. */
  readonly output: string
}

/** Starts `llmproxy start`. Of the environment it sees only `env`: keys of this machine must not switch providers on. */
export async function runApp(config: string, env: Record<string, string> = {}): Promise<RunningApp> {
  const args = ['--conditions=@llmproxy/source', `${root}apps/llmproxy/src/main.ts`]
  const child = spawn(process.execPath, [...args, 'start', '--config', config, '--port', '0'], { env })
  const output = await untilListening(child)
  const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? ''
  return { url, output, [Symbol.asyncDispose]: () => stop(child) }
}

function untilListening(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let output = ''
    const look = (chunk: Buffer) => {
      output += String(chunk)
      if (/"msg":"listening"/.test(output)) resolve(output)
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.on('error', reject)
    child.on('exit', (code) => reject(new Error(`the app ended with ${code}:\n${output}`)))
  })
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await ended
}

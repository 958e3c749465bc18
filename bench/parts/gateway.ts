import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithThisProcess, stopProcess } from './child.ts'
import { clientKeys } from './load-job.ts'

/** The gateway as people run it: the built command with every feature on, in a process of its own. */
export interface RunningGateway {
  readonly pid: number
  readonly port: number
  stop(): Promise<void>
}

/** The built command. */
export const command = fileURLToPath(new URL('../../apps/llmproxy/dist/main.js', import.meta.url))
const startLimitMs = 30_000

/** Limits are raised so that they count every request and refuse none. */
export function gatewayConfig(upstreamPort: number, folder: string, models: readonly string[]): string {
  const settings = {
    host: '127.0.0.1',
    port: 0,
    api_keys: clientKeys.map((key, index) => ({ key, name: `bench-${index + 1}` })),
    rate_limit_rpm: 1_000_000_000,
    rate_limits: { chat: 1_000_000_000 },
    log_file: join(folder, 'requests.log'),
    providers: [
      {
        name: 'bench',
        type: 'openai_compatible',
        base_url: `http://127.0.0.1:${upstreamPort}/v1`,
        api_key: 'upstream-key-of-the-benchmark',
        max_connections: 1000,
        models,
      },
    ],
  }
  // JSON is YAML.
  return JSON.stringify(settings, null, 2)
}

/** Starts the gateway and waits for the line that tells its address. */
export async function startGateway(
  upstreamPort: number,
  folder: string,
  execArgv: readonly string[] = [],
): Promise<RunningGateway> {
  const file = join(folder, 'config.yaml')
  writeFileSync(file, gatewayConfig(upstreamPort, folder, ['bench-*']))
  const child = spawn(process.execPath, [...execArgv, command, 'start', '--config', file], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  endWithThisProcess(child)
  const port = await portOf(child)
  return { pid: child.pid!, port, stop: () => stopProcess(child) }
}

/** The port in the line that tells where the gateway listens. */
export function portOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let output = ''
    const timer = setTimeout(() => child.kill('SIGKILL'), startLimitMs)
    const look = (chunk: Buffer): void => {
      output += String(chunk)
      const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(output)?.[1]
      if (port === undefined) return
      clearTimeout(timer)
      resolve(Number(port))
    }
    child.stdout?.on('data', look)
    child.stderr?.on('data', look)
    child.once('exit', (code) => {
      clearTimeout(timer)
      reject(new Error(`the gateway ended with ${code}:\n${output}`))
    })
  })
}

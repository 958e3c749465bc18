import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './fake-upstream.ts'

const bin = fileURLToPath(new URL('../../../packages/server/src/cli/bin.ts', import.meta.url))

/** The `module` of a provider entry: the process brings no provider along, so that it starts in half the time. */
export const openaiCompatible = fileURLToPath(
  new URL('../../../providers/openai-compatible/src/index.ts', import.meta.url),
)

/** `llmproxy start` as a process of its own. */
export interface Command {
  readonly child: ChildProcess
  readonly folder: string
  /** Where it listens. Waits for that. */
  readonly url: Promise<string>
  readonly out: () => string
  readonly err: () => string
  /** Exit code, and milliseconds from the same origin as `performance.now()`. */
  readonly exit: Promise<{ code: number | null; at: number }>
}

/** Starts it with these files in its folder. End it by `child.kill('SIGKILL')` when it may not have ended. */
export function startCommand(files: Readonly<Record<string, string>>): Command {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-command-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const child = spawn(process.execPath, ['--conditions=@llmproxy/source', bin, 'start'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] },
  })
  const text = { out: '', err: '' }
  child.stdout.on('data', (bytes: Buffer) => (text.out += bytes.toString()))
  child.stderr.on('data', (bytes: Buffer) => (text.err += bytes.toString()))
  const exit = once(child, 'exit').then(([code]) => ({ code: code as number | null, at: performance.now() }))
  const url = until(() => /listens on (\S+)/.exec(text.out)?.[1], 20_000)
  url.catch(() => undefined)
  return { child, folder, url, out: () => text.out, err: () => text.err, exit }
}

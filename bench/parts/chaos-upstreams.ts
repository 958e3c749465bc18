import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { endWithThisProcess } from './child.ts'

const script = fileURLToPath(new URL('../chaos-upstream.ts', import.meta.url))

/** An upstream that is killed, started again on its port, frozen and thawed. */
export class ChaosUpstream {
  readonly journal: string
  port = 0
  #process: ChildProcess | undefined

  constructor(folder: string, index: number) {
    this.journal = join(folder, `upstream-${index}.journal`)
  }

  async start(): Promise<void> {
    if (this.#process !== undefined) return
    const child = fork(script, [String(this.port), this.journal], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#process = child
    endWithThisProcess(child)
    const [message] = (await once(child, 'message')) as [{ port: number }]
    this.port = message.port
  }

  async kill(): Promise<void> {
    const child = this.#process
    this.#process = undefined
    if (child === undefined) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }
}

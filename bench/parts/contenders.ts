import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, startChild } from './child.ts'
import { startGateway } from './gateway.ts'
import { startNginx } from './nginx.ts'

/** Who is measured. `direct` is the upstream itself, for latency only. */
export type ContenderName = 'gateway' | 'bare' | 'nginx' | 'direct'

export interface Contender {
  readonly name: ContenderName
  readonly pid: number
  readonly port: number
}

export interface Contenders {
  /** Without `direct`; nginx only where it is installed. */
  readonly proxies: readonly Contender[]
  readonly direct: Contender
  readonly load: Child
  /** The temporary folder of this run, with the gateway's log. */
  readonly folder: string
  stop(): Promise<void>
}

export async function startContenders(): Promise<Contenders> {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-bench-'))
  const running: { stop(): Promise<void> }[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(running.splice(0).map((each) => each.stop()))
    rmSync(folder, { recursive: true, force: true })
  }
  const kept = <Started extends { stop(): Promise<void> }>(started: Started): Started => {
    running.push(started)
    return started
  }
  try {
    const upstream = kept(await startChild('upstream.ts'))
    const load = kept(await startChild('load.ts'))
    const bare = kept(await startChild('bare-proxy.ts', { arguments: [`http://127.0.0.1:${upstream.port}`] }))
    const gateway = kept(await startGateway(upstream.port, folder))
    const nginx = await startNginx(upstream.port, folder)
    const proxies: Contender[] = [named('gateway', gateway), named('bare', bare)]
    if (nginx !== undefined) proxies.push(named('nginx', kept(nginx)))
    return { proxies, direct: named('direct', upstream), load, folder, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function named(name: ContenderName, { pid, port }: { pid: number; port: number }): Contender {
  return { name, pid, port }
}

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startChild } from './child.ts'
import { startGateway } from './gateway.ts'
import { clientKeys } from './load-job.ts'
import { requestBody } from './payloads.ts'

/** Milliseconds from the spawn of a process to its first 200 through to the upstream, once for each of `times`. */
export async function measureStarts(
  upstreamPort: number,
  times: number,
): Promise<{ readonly gateway: number[]; readonly bare: number[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'llmproxy-bench-start-'))
  const gateway: number[] = []
  const bare: number[] = []
  try {
    for (let index = 0; index < times; index++) {
      gateway.push(await timed(() => startGateway(upstreamPort, folder)))
      bare.push(
        await timed(() => startChild('bare-proxy.ts', { arguments: [`http://127.0.0.1:${upstreamPort}`] })),
      )
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return { gateway, bare }
}

interface Started {
  readonly port: number
  stop(): Promise<void>
}

async function timed(start: () => Promise<Started>): Promise<number> {
  const startedAt = performance.now()
  const started = await start()
  try {
    const response = await fetch(`http://127.0.0.1:${started.port}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${clientKeys[0]}` },
      body: requestBody('bench-whole', false),
    })
    const milliseconds = performance.now() - startedAt
    const text = await response.text()
    if (response.status !== 200) throw new Error(`the first request got ${response.status}: ${text}`)
    return milliseconds
  } finally {
    await started.stop()
  }
}

// The load generator, in a process of its own. Takes one job after the other over IPC.
import { LoadConnection } from './parts/load-connection.ts'
import { clientKeys, type LoadJob, type LoadResult } from './parts/load-job.ts'
import { requestBody } from './parts/payloads.ts'

function requestBytes({ port, model, stream }: LoadJob, key: string): Buffer {
  const body = requestBody(model, stream)
  const head =
    `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nauthorization: Bearer ${key}\r\n` +
    `content-type: application/json\r\naccept: application/json\r\nuser-agent: llmproxy-bench\r\ncontent-length: ${body.length}\r\n\r\n`
  return Buffer.concat([Buffer.from(head), body])
}

function run(job: LoadJob): Promise<LoadResult> {
  const failures: Record<string, number> = {}
  const firstByteMs: number[] = []
  const connections: LoadConnection[] = []
  let started = 0
  let answered = 0
  const startedAt = performance.now()
  return new Promise((resolve) => {
    let over = false
    const end = (): void => {
      over = true
      clearTimeout(limit)
      const milliseconds = performance.now() - startedAt
      for (const connection of connections) connection.close()
      const reads = connections.reduce((sum, connection) => sum + connection.reads, 0)
      resolve({ answered, failures, milliseconds, reads, firstByteMs })
    }
    const limit = setTimeout(() => {
      failures['not answered in time'] = job.requests - answered
      end()
    }, job.limitMs)
    const next = (connection: LoadConnection): void => {
      if (over || started === job.requests) return
      started++
      connection.send()
    }
    for (let index = 0; index < job.connections; index++) {
      const request = requestBytes(job, clientKeys[index % clientKeys.length]!)
      const connection = new LoadConnection({ ...job, request }, ({ failure, firstByteMs: first }) => {
        if (over) return
        answered++
        if (failure === undefined) firstByteMs.push(first)
        else failures[failure] = (failures[failure] ?? 0) + 1
        if (answered === job.requests) end()
        // Not from within the read: a connection that fails at once must not recurse.
        else if (failure !== undefined) setTimeout(next, 10, connection)
        else next(connection)
      })
      connections.push(connection)
      setTimeout(next, index * job.startGapMs, connection)
    }
  })
}

process.on('message', (job: LoadJob) => {
  void run(job).then((result) => process.send?.(result))
})
process.once('disconnect', () => process.exit(0))
process.send?.({ port: 0 })

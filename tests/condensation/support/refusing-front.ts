import { once } from 'node:events'
import { createServer, request as ask } from 'node:http'
import type { AddressInfo } from 'node:net'

/** How a vendor refuses a request: in its own shape, with its own status. */
export interface Refusal {
  /** 200: the error stands inside the answer. */
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

/** A vendor that refuses when it is told to, and otherwise answers as its simulator does. */
export interface RefusingFront extends AsyncDisposable {
  readonly url: string
  /** The bodies of all POST requests since `refuse()`, in the order of arrival. */
  readonly seen: readonly string[]
  /** Forgets what was seen, and refuses the next `times` of them. */
  refuse(refusal: Refusal, times?: number): void
}

export async function refusingFront(simulator: string): Promise<RefusingFront> {
  const seen: string[] = []
  let next: Refusal | undefined
  let left = 0
  const target = new URL(simulator)
  const server = createServer((incoming, reply) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('end', () => {
      const body = Buffer.concat(chunks)
      // Model lists are asked for in the background.
      const isPost = incoming.method === 'POST'
      if (isPost) seen.push(body.toString())
      if (isPost && next !== undefined && left > 0) {
        left -= 1
        const text = typeof next.body === 'string' ? next.body : JSON.stringify(next.body)
        reply.writeHead(next.status, { 'content-type': 'application/json', ...next.headers }).end(text)
        return
      }
      const { method, url: path, headers } = incoming
      const { hostname: host, port } = target
      const forwarded = ask({ host, port, method, path, headers, agent: false }, (answer) => {
        reply.writeHead(answer.statusCode!, answer.headers)
        answer.pipe(reply)
      })
      forwarded.on('error', () => reply.destroy())
      forwarded.end(body)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    refuse(refusal, times = 1) {
      seen.length = 0
      next = refusal
      left = times
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

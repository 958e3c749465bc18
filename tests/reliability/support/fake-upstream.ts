import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo, Server, Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** One request that an upstream has received in full. */
export interface SeenRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
  readonly socket: Socket
  /** Milliseconds from the same origin as `performance.now()`. */
  readonly at: number
  /** When the answer was over: sent, or its connection gone. */
  closedAt?: number
  /** The connection went before the answer was complete. */
  aborted: boolean
}

export type Answer = (request: SeenRequest, response: ServerResponse) => void

export interface FakeUpstream {
  /** `http://127.0.0.1:1234`, without a trailing slash. */
  readonly url: string
  readonly requests: readonly SeenRequest[]
  /** Connections accepted so far. */
  readonly connections: number
  readonly server: Server
  /** The `n`th request (from 0) as soon as it has arrived. */
  request(n: number): Promise<SeenRequest>
}

/** An upstream that answers by a script and remembers what it was asked. Closed with the test. */
export async function fakeUpstream(answer: Answer): Promise<FakeUpstream> {
  const requests: SeenRequest[] = []
  const server = createServer(recording(requests, answer))
  return Object.assign(await listening(server), {
    requests,
    request: (n: number) => until(() => requests[n]),
  })
}

/** Collects the body, notes the request and its end, then lets `answer` speak. */
export function recording(requests: SeenRequest[], answer: Answer): RequestListener {
  return (incoming, response) => {
    const chunks: Buffer[] = []
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
    incoming.on('error', () => undefined)
    incoming.on('end', () => {
      const { method = '', url: path = '', headers, rawHeaders, socket } = incoming
      const body = Buffer.concat(chunks)
      const at = performance.now()
      const seen: SeenRequest = { method, path, headers, rawHeaders, body, socket, at, aborted: false }
      requests.push(seen)
      response.on('error', () => undefined)
      response.on('close', () => {
        seen.closedAt = performance.now()
        seen.aborted = !response.writableFinished
      })
      answer(seen, response)
    })
  }
}

/** Lets any server listen on a free loopback port until the test is over. */
export async function listening<S extends Server>(
  server: S,
  scheme = 'http',
): Promise<{ url: string; server: S; readonly connections: number }> {
  const sockets = new Set<Socket>()
  let connections = 0
  server.on('connection', (socket: Socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const url = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    server,
    get connections() {
      return connections
    },
  }
}

/** A loopback URL where nobody listens. */
export async function refusingUrl(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

/** The first defined (and not `false`) result of `read`, asked every few milliseconds. Rejects after `limitMs`. */
export async function until<T>(read: () => T | undefined | false, limitMs = 5000): Promise<T> {
  const end = performance.now() + limitMs
  for (;;) {
    const value = read()
    if (value !== undefined && value !== false) return value
    if (performance.now() > end) throw new Error(`nothing happened within ${limitMs} ms`)
    await new Promise((resolve) => setTimeout(resolve, 3))
  }
}

export function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

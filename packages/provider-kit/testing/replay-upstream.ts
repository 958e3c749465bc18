import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { HeaderMap } from '@llmproxy/provider-kit'

/** What the replay upstream does with a POST. */
export interface ReplayScript {
  /** Default: 200. */
  readonly status?: number
  readonly headers?: HeaderMap
  /** Each piece is written apart from the others. */
  readonly writes: readonly Uint8Array[]
  /** `end` (default): a well-formed end. `cut`: the connection closes inside the body. */
  readonly ending?: 'end' | 'cut'
}

/** Chooses the answer to a request. `undefined`: this is not among those that are asked. */
export type ReplayResponder = (request: RecordedRequest) => ReplayScript | undefined

/** A request as it arrived. */
export interface RecordedRequest {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

export interface ReplayUpstream {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  /** The POSTs so far, and other requests that a responder has answered. */
  readonly requests: readonly RecordedRequest[]
  /** Sets the answer to every POST from now on, or what chooses it for any request. Forgets the requests so far. */
  play(script: ReplayScript | ReplayResponder): void
  close(): Promise<void>
}

const refused: ReplayScript = { status: 500, writes: [] }

/**
 * Starts a server on a free loopback port. A GET (health, models) that no responder answers gets 200 with an empty list, and is
 * not recorded.
 */
export async function startReplayUpstream(): Promise<ReplayUpstream> {
  const requests: RecordedRequest[] = []
  let script: ReplayScript | ReplayResponder = refused
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const { method = '', url: path = '', headers } = request
    const recorded = { method, path, headers, body: Buffer.concat(pieces).toString() }
    const chosen = typeof script === 'function' ? script(recorded) : method === 'GET' ? undefined : script
    if (chosen === undefined && method === 'GET') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{"object":"list","data":[]}')
      return
    }
    requests.push(recorded)
    await perform(chosen ?? refused, response)
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    play(next) {
      script = next
      requests.length = 0
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function perform(script: ReplayScript, response: ServerResponse): Promise<void> {
  response.writeHead(script.status ?? 200, { ...script.headers })
  response.flushHeaders()
  for (const bytes of script.writes) {
    await new Promise<void>((resolve) => response.write(bytes, () => resolve()))
    // The peer gets its turn, so that it reads this piece before the next is written.
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
  if (script.ending === 'cut') response.destroy()
  else response.end()
}

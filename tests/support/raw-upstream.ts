import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** What a scripted upstream does next: writes bytes, waits, resets the connection, or stays silent for ever. */
export type RawStep =
  | string
  | Uint8Array
  | { readonly wait: number | Promise<unknown> }
  | typeof cut
  | typeof hang

/** Resets the connection. */
export const cut = { rest: 'cut' } as const
/** Keeps the connection open and says nothing more. */
export const hang = { rest: 'hang' } as const

export interface RawAnswer {
  /** Default: 200. */
  readonly status?: number
  /** Default: the content type of an event stream. */
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds before the head of the answer. */
  readonly headAfter?: number
  readonly steps: Iterable<RawStep>
}

/** A request that the upstream got. Times are `performance.now()`. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: Buffer
  readonly receivedAt: number
  /** Absent while the exchange goes on. */
  closedAt?: number
  /** The client left before the answer was complete. */
  aborted: boolean
  /** Body bytes handed to the socket. */
  bytesWritten: number
}

export interface RawUpstream extends AsyncDisposable {
  /** `http://127.0.0.1:port` */
  readonly url: string
  /** Oldest first. A live array. */
  readonly requests: readonly RawRequest[]
  /** Waits until the given exchange is over. Rejects after `timeoutMs`. */
  closed(index: number, timeoutMs: number): Promise<RawRequest>
  close(): Promise<void>
}

/** An upstream that answers the n-th request with exactly the bytes and delays of `script`. */
export async function startRawUpstream(
  script: (request: RawRequest, index: number) => RawAnswer,
): Promise<RawUpstream> {
  const requests: RawRequest[] = []
  const server = createServer({ noDelay: true }, (incoming, response) => {
    void receive(incoming).then((request) => {
      requests.push(request)
      response.on('error', () => undefined)
      response.on('close', () => {
        request.closedAt = performance.now()
        request.aborted = !response.writableFinished
      })
      return play(script(request, requests.length - 1), response, request)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    closed: (index, timeoutMs) => closed(requests, index, timeoutMs),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function receive(incoming: IncomingMessage): Promise<RawRequest> {
  const { method = '', url: path = '', headers } = incoming
  const body = await buffer(incoming)
  return { method, path, headers, body, receivedAt: performance.now(), aborted: false, bytesWritten: 0 }
}

async function play(answer: RawAnswer, response: ServerResponse, request: RawRequest): Promise<void> {
  const { status = 200, headers = { 'content-type': 'text/event-stream' }, headAfter = 0, steps } = answer
  if (headAfter > 0) await sleep(headAfter)
  response.writeHead(status, headers)
  response.flushHeaders()
  for (const step of steps) {
    if (response.destroyed) return
    if (typeof step === 'object' && 'rest' in step) {
      if (step.rest === 'cut') response.destroy()
      return
    }
    if (typeof step === 'object' && 'wait' in step) {
      await (typeof step.wait === 'number' ? sleep(step.wait) : step.wait)
      continue
    }
    request.bytesWritten += Buffer.byteLength(step)
    // One write for each step: the next one waits until the kernel has taken it, so that cuts between bytes stay cuts.
    await new Promise((resolve) => response.write(step, resolve))
  }
  response.end()
}

async function closed(
  requests: readonly RawRequest[],
  index: number,
  timeoutMs: number,
): Promise<RawRequest> {
  const giveUpAt = performance.now() + timeoutMs
  for (;;) {
    const request = requests[index]
    if (request?.closedAt !== undefined) return request
    if (performance.now() > giveUpAt) throw new Error(`exchange ${index} is not over after ${timeoutMs} ms`)
    await sleep(5)
  }
}

// The least that a proxy on this stack can do, as the measure of everything above it: no keys, limits, parsing, log or errors.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Dispatcher, Pool } from 'undici'

const pool = new Pool(process.argv[2] ?? '', { connections: null, pipelining: 1, allowH2: false })
const requestHeaders = { 'content-type': 'application/json' }

class Relay implements Dispatcher.DispatchHandler {
  readonly #response: ServerResponse
  #controller: Dispatcher.DispatchController | undefined

  constructor(response: ServerResponse) {
    this.#response = response
    response.once('close', () => {
      if (!response.writableFinished) this.#controller?.abort(clientGone)
    })
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: object): void {
    const { 'content-type': type = '', 'content-length': length } = headers as Record<string, string>
    this.#response.writeHead(
      status,
      length === undefined ? { 'content-type': type } : { 'content-type': type, 'content-length': length },
    )
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return
    controller.pause()
    this.#response.once('drain', () => controller.resume())
  }

  onResponseEnd(): void {
    this.#response.end()
  }

  onResponseError(): void {
    this.#response.destroy()
  }
}

const clientGone = new Error('the client has left')

const server = createServer({ noDelay: true }, (request, response) => {
  read(request, (body) => {
    pool.dispatch(
      { path: request.url ?? '/', method: 'POST', headers: requestHeaders, body },
      new Relay(response),
    )
  })
})

function read(request: IncomingMessage, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => done(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
}

server.keepAliveTimeout = 120_000
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.once('disconnect', () => process.exit(0))

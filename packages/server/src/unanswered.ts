import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Unanswered requests of one connection. Hardly any client sends a second one before the first is answered. */
export const mostPipelined = 32

interface Connection {
  count: number
  last: ServerResponse
}

/** The requests of each connection that have no whole answer yet. */
export class Unanswered {
  readonly #connections = new WeakMap<Socket, Connection>()
  /** Answers whose clients wait to be told to send their body, and whether their connections may be kept. */
  readonly #waited = new WeakMap<ServerResponse, boolean>()

  /** Whether an answer of the server itself can stand at this place: no other one has begun there, or is due before it. */
  isFree(socket: Socket): boolean {
    const connection = this.#connections.get(socket)
    if (connection === undefined || connection.count === 0) return true
    const { count, last } = connection
    return count === 1 && !last.headersSent && !last.req.complete
  }

  /** The answer to the last request of a connection, which is the one whose body may still be on its way. */
  last(socket: Socket): ServerResponse | undefined {
    return this.#connections.get(socket)?.last
  }

  /** The body is wanted: tells so to a client that waits for it (`expect: 100-continue`). */
  goOn(answer: ServerResponse): void {
    const keepAlive = this.#waited.get(answer)
    if (keepAlive === undefined) return
    answer.shouldKeepAlive = keepAlive
    answer.writeContinue()
  }

  /**
   * Counts the requests to a server, and closes connections that send them without waiting for answers. Node stops reading only
   * when answers are queued, so while they are pending a single connection could bring in requests until the memory is full.
   */
  limit(server: Server): void {
    const connections = this.#connections
    function answered(this: ServerResponse): void {
      connections.get(this.req.socket)!.count--
    }
    server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const connection = connections.get(socket)
      if (connection === undefined) connections.set(socket, { count: 1, last: response })
      else {
        connection.count++
        connection.last = response
      }
      if (connection !== undefined && connection.count > mostPipelined) socket.destroy()
      else response.once('close', answered)
    })
    // Node would tell every client to go on with its body. Whether it is wanted is known when it is read; when it is not, nobody
    // knows whether it comes all the same, so that nothing else may follow on the connection.
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      this.#waited.set(response, response.shouldKeepAlive)
      response.shouldKeepAlive = false
      server.emit('request', request, response)
    })
  }
}

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
    // Node would tell every client to go on with its body. Whether it is wanted is known when it is read; when it is not, Node ends
    // the connection behind the answer, since nobody knows what would follow on it.
    server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
      server.emit('request', request, response)
    })
  }
}

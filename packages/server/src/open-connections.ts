import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** The open connections of a server, each with the answer to its latest request. */
export class OpenConnections {
  readonly #latest = new Map<Socket, ServerResponse | undefined>()

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#latest.set(socket, undefined)
      socket.once('close', () => this.#latest.delete(socket))
    })
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      if (this.#latest.has(socket)) this.#latest.set(socket, response)
    })
  }

  /** Closes those on which nobody is served: idle ones, and those whose request has not arrived in full. */
  closeUnserved(): void {
    for (const [socket, response] of this.#latest) {
      if (response === undefined || response.writableFinished || !response.req.complete) socket.destroy()
    }
  }
}

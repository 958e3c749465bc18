import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Unanswered requests of one connection. Hardly any client sends a second one before the first is answered. */
export const mostPipelined = 32

/**
 * Closes connections that send requests without waiting for answers. Node stops reading only when answers are queued, so
 * while they are pending a single connection could bring in requests until the memory is full.
 */
export function limitPipelining(server: Server): void {
  const unanswered = new WeakMap<Socket, number>()
  function answered(this: ServerResponse): void {
    const { socket } = this.req
    unanswered.set(socket, (unanswered.get(socket) ?? 1) - 1)
  }
  server.prependListener('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const count = (unanswered.get(socket) ?? 0) + 1
    unanswered.set(socket, count)
    if (count > mostPipelined) socket.destroy()
    else response.once('close', answered)
  })
}

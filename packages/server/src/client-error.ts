import type { Socket } from 'node:net'
import type { Unanswered } from './unanswered.ts'

const answers: Readonly<Record<string, readonly [line: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request headers are too large.'],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ['413 Payload Too Large', 'The extensions of a chunk are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
}
const malformed = ['400 Bad Request', 'The request is not valid HTTP.'] as const

/**
 * Answers what is not HTTP, too slow or too long to become a request, in the envelope too, and closes the connection. Behind
 * an answer that is due or has begun there is no place for another one: its reader would take it for a part of that.
 */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  unanswered: Pick<Unanswered, 'isFree'>,
): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
  if (!unanswered.isFree(socket)) return void socket.destroy()
  const [line, message] = answers[error.code ?? ''] ?? malformed
  const body = JSON.stringify({ error: { message, type: 'invalid_request_error', param: null, code: null } })
  if (socket.writable) {
    socket.write(
      `HTTP/1.1 ${line}\r\ncontent-type: application/json; charset=utf-8\r\nconnection: close\r\n` +
        `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    )
  }
  socket.destroySoon()
}

import type { Socket } from 'node:net'

const answers: Readonly<Record<string, readonly [line: string, message: string]>> = {
  HPE_HEADER_OVERFLOW: ['431 Request Header Fields Too Large', 'The request headers are too large.'],
  ERR_HTTP_REQUEST_TIMEOUT: ['408 Request Timeout', 'The request did not arrive in time.'],
}
const malformed = ['400 Bad Request', 'The request is not valid HTTP.'] as const

/** Answers what is not HTTP, too slow or too long to become a request, in the envelope too, and closes the connection. */
export function answerClientError(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed) return
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

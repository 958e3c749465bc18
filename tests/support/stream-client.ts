import { type IncomingHttpHeaders, request as httpRequest } from 'node:http'

export interface StreamedAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  /** The body as text. */
  readonly text: string
  /** The pieces as they arrived, `at` in milliseconds since the request was made. */
  readonly pieces: readonly { readonly at: number; readonly text: string }[]
  /** Milliseconds until the body had ended. */
  readonly tookMs: number
  /** The body has ended as HTTP says it must, not by a dead socket. */
  readonly complete: boolean
}

export interface StreamClientOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Milliseconds without a byte after which the client gives up, as clients and proxies with a read timeout do. */
  readonly readTimeoutMs?: number
  /** Gets everything that has come so far whenever something comes; `'leave'`: the client destroys its socket. */
  readonly watch?: (text: string) => 'leave' | void
  /** A Unix socket to connect to instead of the URL's host and port. */
  readonly socketPath?: string
}

/**
 * A plain HTTP client without pooling or decompression: POSTs JSON (bytes go out as they are) and keeps what comes.
 * Rejects only when no head arrives.
 */
export function post(
  url: string,
  body: object | Buffer,
  options: StreamClientOptions = {},
): Promise<StreamedAnswer> {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body))
  const began = performance.now()
  const headers = { 'content-type': 'application/json', 'content-length': bytes.length, ...options.headers }
  return new Promise((resolve, reject) => {
    const { socketPath } = options
    const where = { method: 'POST', agent: false, headers, ...(socketPath && { socketPath }) }
    const request = httpRequest(url, where, (response) => {
      const chunks: Buffer[] = []
      const pieces: { at: number; text: string }[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        pieces.push({ at: performance.now() - began, text: chunk.toString('utf8') })
        if (options.watch?.(Buffer.concat(chunks).toString('utf8')) === 'leave') response.destroy()
      })
      response.on('error', () => undefined)
      response.on('close', () => {
        const whole = Buffer.concat(chunks)
        const { statusCode: status = 0, headers, complete } = response
        const tookMs = performance.now() - began
        resolve({ status, headers, body: whole, text: whole.toString('utf8'), pieces, tookMs, complete })
      })
    })
    request.on('error', reject)
    if (options.readTimeoutMs !== undefined)
      request.setTimeout(options.readTimeoutMs, () => request.destroy(new Error('read timeout')))
    request.end(bytes)
  })
}

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
  /** Looks at what has come so far; `true`: the client destroys its socket. */
  readonly leave?: (text: string) => boolean
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
    const request = httpRequest(url, { method: 'POST', agent: false, headers }, (response) => {
      const chunks: Buffer[] = []
      const pieces: { at: number; text: string }[] = []
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        pieces.push({ at: performance.now() - began, text: chunk.toString('utf8') })
        if (options.leave?.(Buffer.concat(chunks).toString('utf8'))) response.destroy()
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

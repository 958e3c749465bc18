import type { Egress } from '@llmproxy/core'
import type { HeaderMap } from '@llmproxy/provider-kit'
import type { ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { headerValue } from './header-value.ts'
import type { UnreadAnswers } from './unread-answers.ts'

/** Headers that the gateway fills itself where its own limits apply. */
const requestLimits: ReadonlySet<string> = new Set([
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
])

export interface ReplyOptions {
  /** Is told of every answer that its client does not take at once. */
  readonly unread: Pick<UnreadAnswers, 'waits' | 'taken'>
  /** True while the server is shutting down: answers then close their connection. */
  closing(): boolean
}

/**
 * The egress of one HTTP request. It writes to the raw response, because only there backpressure and "the client has left" can
 * be seen: the request's own 'close' event (and Fastify's `request.signal`, built on it) fires as soon as a body is read.
 */
export class ReplyEgress implements Egress {
  readonly #reply: FastifyReply
  readonly #raw: ServerResponse
  readonly #options: ReplyOptions
  #head: { readonly status: number; readonly headers: Record<string, string | number> } | undefined
  #gone = false
  /** The client has not yet taken what was written. */
  #full = false
  #onGone: (() => void) | undefined
  onDrain: (() => void) | undefined

  /** Takes the reply over: nothing else may be sent through it. */
  constructor(reply: FastifyReply, options: ReplyOptions) {
    reply.hijack()
    this.#reply = reply
    this.#raw = reply.raw
    this.#options = options
    this.#raw.on('error', ignore)
    if (this.#raw.closed || this.#raw.destroyed) this.#gone = true
    else this.#raw.once('close', () => this.#closed())
  }

  get gone(): boolean {
    return this.#gone
  }

  get onGone(): (() => void) | undefined {
    return this.#onGone
  }

  set onGone(callback: (() => void) | undefined) {
    this.#onGone = callback
    // The client may have left while its body was parsed, before anybody could listen.
    if (this.#gone && callback) queueMicrotask(() => this.#reportGone())
  }

  head(status: number, headers: HeaderMap): void {
    this.#head = { status, headers: this.#headers(headers) }
  }

  write(bytes: Uint8Array | string): boolean {
    if (this.#gone || this.#raw.destroyed) return true
    this.#sendHead()
    if (this.#raw.write(bytes)) return true
    if (!this.#full) this.#waitForDrain()
    return false
  }

  end(bytes?: Uint8Array | string): void {
    if (this.#gone || this.#raw.destroyed) return
    if (this.#head !== undefined && !isEventStream(this.#head.headers))
      this.#head.headers['content-length'] = bytes === undefined ? 0 : Buffer.byteLength(bytes)
    this.#sendHead()
    this.#raw.end(bytes)
    if (this.#raw.writableLength > 0) this.#options.unread.waits(this.#raw)
  }

  // Once for each time that the client is full: further writes must neither add listeners nor grant it more time.
  #waitForDrain(): void {
    const { unread } = this.#options
    this.#full = true
    unread.waits(this.#raw)
    this.#raw.once('drain', () => {
      this.#full = false
      unread.taken(this.#raw)
      this.onDrain?.()
    })
  }

  #headers(own: HeaderMap): Record<string, string | number> {
    const headers = this.#reply.getHeaders() as Record<string, string | number>
    // The caller's own limits stand already: a vendor's in between would make one answer tell of two limits.
    const limited = 'x-ratelimit-limit-requests' in headers
    for (const name in own) {
      if (limited && requestLimits.has(name)) continue
      headers[name] = headerValue(String(own[name]))
    }
    if (isEventStream(headers)) {
      headers['content-type'] = 'text/event-stream; charset=utf-8'
      headers['cache-control'] = 'no-cache, no-transform'
      headers['x-accel-buffering'] = 'no'
      delete headers['content-length']
    } else {
      headers['content-type'] ??= 'application/json; charset=utf-8'
      headers['cache-control'] ??= 'private, no-store'
    }
    if (this.#options.closing()) headers['connection'] = 'close'
    return headers
  }

  // Late, so that the length of an answer that is written at once can be announced.
  #sendHead(): void {
    if (this.#head === undefined) return
    this.#raw.writeHead(this.#head.status, this.#head.headers)
    this.#head = undefined
  }

  #closed(): void {
    if (this.#raw.writableFinished) return
    this.#gone = true
    this.#reportGone()
  }

  #reportGone(): void {
    const callback = this.#onGone
    this.#onGone = undefined
    callback?.()
  }
}

// A short stream may be complete before its head is sent; to the client it must look like any other.
function isEventStream(headers: Readonly<Record<string, string | number>>): boolean {
  return String(headers['content-type'] ?? '').startsWith('text/event-stream')
}

// Writing to a socket that has just died raises 'error'; 'close' follows and tells the same.
function ignore(): void {}

import type { HeaderMap, OperationName } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import { dialectOf } from './dialect.ts'
import type { Egress } from './egress.ts'
import { GatewayError, invalidRequest } from './errors.ts'
import type { Ingress, IngressBody } from './ingress/ingress.ts'
import { parseBody } from './ingress/parse-body.ts'
import type { Outcome } from './metrics/outcome.ts'

export interface RespondOptions {
  readonly headers?: HeaderMap
  /** Aborting it is what a client's leaving is over HTTP. */
  readonly signal?: AbortSignal
  /** Default: `in-process`. */
  readonly caller?: string
}

/** An answer as an HTTP client would get it. */
export interface InProcessAnswer {
  /** 0: the request was aborted before its answer began. */
  readonly status: number
  readonly headers: HeaderMap
  /** Read it once; leaving the loop early aborts the request. */
  readonly body: AsyncIterable<Uint8Array>
  text(): Promise<string>
  json(): Promise<unknown>
  /** Settles when the body has ended. */
  readonly outcome: Promise<Outcome | undefined>
}

interface Handler {
  handle(ingress: Ingress, egress: Egress): Promise<Outcome>
}

/** Serves one request in process. A body that is refused is answered like over HTTP: with a 4xx, not with a rejection. */
export async function respond(
  gateway: Handler,
  operation: OperationName,
  body: unknown,
  options: RespondOptions,
  { clock, newId }: { clock: Clock; newId: () => string },
): Promise<InProcessAnswer> {
  const egress = new BufferedEgress()
  const id = newId()
  const ingress = ingressOf(operation, body, options, id, clock.now())
  if (GatewayError.is(ingress)) {
    egress.head(ingress.status, { 'content-type': 'application/json; charset=utf-8', ...ingress.headers })
    egress.end(dialectOf(operation).errorBody(ingress, id))
    return egress.answer(Promise.resolve(undefined))
  }
  const leave = () => egress.leave()
  if (options.signal?.aborted === true) leave()
  options.signal?.addEventListener('abort', leave, { once: true })
  // A signal may outlive many requests, which must not pile up behind it.
  const outcome = gateway
    .handle(ingress, egress)
    .finally(() => options.signal?.removeEventListener('abort', leave))
  await Promise.race([egress.started, outcome])
  return egress.answer(outcome)
}

function ingressOf(
  operation: OperationName,
  body: unknown,
  options: RespondOptions,
  id: string,
  startedAt: number,
): Ingress | GatewayError {
  try {
    const bytes = written(body)
    const parsed: IngressBody = parseBody(operation, bytes)
    return {
      id,
      operation,
      bytes,
      body: parsed,
      caller: options.caller ?? 'in-process',
      headers: options.headers ?? {},
      startedAt,
    }
  } catch (error) {
    if (GatewayError.is(error)) return error
    throw error
  }
}

function written(body: unknown): Buffer {
  try {
    return Buffer.from(JSON.stringify(body) ?? '')
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n', 1)[0] ?? '') : 'toJSON() failed'
    throw invalidRequest(`The body cannot be written as JSON: ${reason}`)
  }
}

/** Bytes above this wait for the reader. */
const highWaterMark = 64 * 1024

/** An egress that is read by an async iterator. */
class BufferedEgress implements Egress {
  onDrain: (() => void) | undefined
  onGone: (() => void) | undefined
  gone = false
  readonly started: Promise<void>
  #start!: () => void
  #status = 0
  #headers: HeaderMap = {}
  readonly #queue: Uint8Array[] = []
  #queued = 0
  #full = false
  #ended = false
  #wake: (() => void) | undefined

  constructor() {
    this.started = new Promise((resolve) => {
      this.#start = resolve
    })
  }

  head(status: number, headers: HeaderMap): void {
    this.#status = status
    this.#headers = headers
    this.#start()
  }

  write(bytes: Uint8Array | string): boolean {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
    this.#queue.push(chunk)
    this.#queued += chunk.length
    this.#wake?.()
    // Full stays full until the reader has caught up: only then the writer is told.
    this.#full ||= this.#queued > highWaterMark
    return !this.#full
  }

  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined) this.write(bytes)
    this.#ended = true
    this.#wake?.()
  }

  leave(): void {
    if (this.gone || this.#ended) return
    this.gone = true
    this.#ended = true
    this.onGone?.()
    this.#wake?.()
  }

  answer(outcome: Promise<Outcome | undefined>): InProcessAnswer {
    const body = this.#read()
    const text = async () => {
      const chunks: Uint8Array[] = []
      for await (const chunk of body) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    }
    return {
      status: this.#status,
      headers: this.#headers,
      body,
      text,
      json: async () => JSON.parse(await text()) as unknown,
      outcome,
    }
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        const chunk = this.#queue.shift()
        if (chunk !== undefined) {
          this.#queued -= chunk.length
          yield chunk
          this.#drain()
        } else if (this.#ended) return
        else {
          await new Promise<void>((resolve) => {
            this.#wake = resolve
          })
        }
      }
    } finally {
      this.leave()
    }
  }

  #drain(): void {
    if (!this.#full || this.#queued > 0) return
    this.#full = false
    this.onDrain?.()
  }
}

import type { Call, HeaderMap } from '@llmproxy/provider-kit'
import { answerHeaders, eventStream, json } from './answer-headers.ts'
import type { Clock } from './clock.ts'
import type { GatewayConfig } from './config/schema.ts'
import { type Dialect, dialectOf } from './dialect.ts'
import type { Egress } from './egress.ts'
import type { GatewayError } from './errors.ts'
import type { Attempt } from './exchange/attempt.ts'
import type { StreamPort } from './exchange/attempt-input.ts'
import { type Continuation, mayContinue } from './exchange/continuation.ts'
import { Continuing } from './exchange/continuing.ts'
import { isStreamed } from './exchange/open-lane.ts'
import { allowedHeaders } from './exchange/allowed-headers.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { normaliseUsage } from './exchange/usage.ts'
import type { Ingress } from './ingress/ingress.ts'
import type { LiveProvider } from './live-provider.ts'
import type { Condensed } from './metrics/condensation.ts'
import type { AttemptRecord, Ending, Outcome, TokenUsage } from './metrics/outcome.ts'
import { proxyInfo, withProxyInfo } from './proxy-info.ts'

const noHeaders: HeaderMap = {}

export interface RunInput {
  readonly ingress: Ingress
  readonly egress: Egress
  readonly settings: GatewayConfig
  readonly clock: Clock
  /** Replaces every configured secret in a text. */
  readonly scrub: (text: string) => string
}

/** Everything that changes while one client request is served, and the one place that writes to its client. */
export class RequestRun implements StreamPort {
  readonly ingress: Ingress
  readonly stream: boolean
  readonly attempts: AttemptRecord[] = []
  /** Deployments that could not be asked. They are no attempts, but a 503 names them. */
  readonly skipped: AttemptRecord[] = []
  readonly dropped = new Set<string>()
  /** What was done to a request that did not fit its model. */
  condensed: Condensed | undefined
  /** Only where another upstream may go on with a stream that breaks off. */
  #continuing: Continuing | undefined
  #asked: Ingress
  readonly #egress: Egress
  readonly #dialect: Dialect
  readonly #settings: GatewayConfig
  readonly #clock: Clock
  readonly #scrub: (text: string) => string
  readonly #startedEpoch: number
  #deadlineAt: number
  #provider: Pick<LiveProvider, 'name' | 'type'> | undefined
  #upstreamModel: string | null = null
  #attempt: Attempt | undefined
  /** The name of the key that it uses, where the provider has several. */
  #key: string | undefined
  #onCommit: (() => void) | undefined
  #cancelWait: (() => void) | undefined
  #cancelled: AttemptFault | undefined
  /** A wait has ended by the deadline. The timer may fire a fraction of a millisecond before it. */
  #late = false
  #headSent = false
  #ending: Ending | undefined
  #status = 0
  #errorCode: string | null = null
  #usage: TokenUsage | null = null
  #firstChunkMs: number | null = null
  #overheadMs = 0
  /** Milliseconds spent waiting for others: upstreams, backoff, the queue. */
  #waitedMs = 0
  #bytesOut = 0
  /** Of the last attempt, when it was a failure that the upstream answered. */
  #failedHeaders: HeaderMap = noHeaders

  constructor({ ingress, egress, settings, clock, scrub }: RunInput) {
    this.ingress = ingress
    this.stream = ingress.body.stream === true && isStreamed(ingress.operation)
    this.#dialect = dialectOf(ingress.operation)
    this.#egress = egress
    this.#settings = settings
    this.#clock = clock
    this.#scrub = scrub
    this.#startedEpoch = clock.epoch()
    this.#asked = ingress
    this.#continuing = this.#continuingOf(ingress)
    this.#deadlineAt =
      settings.request_timeout === 0 ? Infinity : ingress.startedAt + settings.request_timeout * 1000
    egress.onGone = () => this.cancel(clientGone)
    egress.onDrain = () => this.#attempt?.drained()
    if (egress.gone) this.#cancelled = clientGone
  }

  /** `clock.now()` when there must be an answer; once there is one, when it must have ended. */
  get deadlineAt(): number {
    return this.#deadlineAt
  }

  /** Of all attempts so far, as far as it is known. */
  get usage(): TokenUsage | null {
    return this.#usage
  }

  /** Why the request is to end now, from outside. */
  get cancelled(): AttemptFault | undefined {
    return this.#cancelled
  }

  /** The answer is written, or nobody is there to read it. */
  get over(): boolean {
    return this.#ending !== undefined
  }

  /** Milliseconds so far in which nobody else was waited for. */
  get #ownMs(): number {
    return this.#clock.now() - this.ingress.startedAt - this.#waitedMs
  }

  get remainingMs(): number {
    return this.#late ? 0 : this.deadlineAt - this.#clock.now()
  }

  /** What upstreams are asked: the client's request, a form of it that fits, or the rest of its answer. */
  get asked(): Ingress {
    return this.#continuing?.asked ?? this.#asked
  }

  get continuing(): Continuing | undefined {
    return this.#continuing
  }

  /** From here on the request is asked in another form. Before anything of an answer was sent. */
  askInstead(ingress: Ingress, condensed: Condensed | undefined): void {
    this.#asked = ingress
    this.#continuing = this.#continuingOf(ingress)
    this.condensed = condensed
  }

  #continuingOf(ingress: Ingress): Continuing | undefined {
    return this.#settings.stream_continuation && mayContinue(ingress) ? new Continuing(ingress) : undefined
  }

  /** From here on the rest of a stream is asked for, within its own time limit. `undefined`: nobody can go on with what was said. */
  askForRest(): Continuation | undefined {
    const rest = this.#continuing?.next(this.#usage)
    const { stream_timeout: limit } = this.#settings
    if (rest !== undefined) this.#deadlineAt = limit === 0 ? Infinity : this.ingress.startedAt + limit * 1000
    return rest
  }

  /** Ends the request in whatever phase it is: in the queue, in a backoff, before or inside an answer. */
  cancel(fault: AttemptFault): void {
    if (this.over || this.#cancelled !== undefined) return
    this.#cancelled = fault
    this.#cancelWait?.()
    this.#attempt?.cancel(fault)
  }

  /** What a provider's codec gets to see. */
  call(live: LiveProvider, model: string): Call {
    const { asked, dropped } = this
    return {
      id: asked.id,
      created: Math.floor(this.#startedEpoch / 1000),
      model,
      stream: this.stream,
      body: asked.body,
      headers: allowedHeaders(live.provider, asked.headers),
      dropped: (field) => void dropped.add(field),
    }
  }

  begin(live: LiveProvider, model: string): void {
    this.#provider = live
    this.#upstreamModel = model
    this.#key = undefined
    this.dropped.clear()
  }

  /** The attempt that is running now, with the name of its key, and whom its first frames are told. */
  attach(attempt: Attempt, key?: string, onCommit?: () => void): void {
    this.#attempt = attempt
    this.#key = key
    this.#onCommit = onCommit
    this.#overheadMs = this.#ownMs
  }

  /** An attempt is over. `fault` is absent for a success. */
  note(durationMs: number, firstByteMs: number | null, fault: AttemptFault | undefined): void {
    this.#attempt = undefined
    this.#waitedMs += durationMs
    this.#failedHeaders = fault?.headers ?? noHeaders
    const live = this.#provider!
    this.attempts.push({
      provider: live.name,
      type: live.type,
      model: this.#upstreamModel!,
      durationMs,
      firstByteMs,
      ...(fault === undefined ? {} : { fault }),
      ...(this.#key === undefined ? {} : { key: this.#key }),
    })
  }

  skip({ name: provider, type }: LiveProvider, model: string, fault: AttemptFault): void {
    // A client that has left the queue was not passed over by anybody.
    if (this.#cancelled === undefined)
      this.skipped.push({ provider, type, model, durationMs: 0, firstByteMs: null, fault })
    const last = this.attempts.at(-1)
    this.#provider = last && { name: last.provider, type: last.type }
    this.#upstreamModel = last?.model ?? null
  }

  /** Waits for `milliseconds`. Ends early when the request is cancelled. */
  pause(milliseconds: number): Promise<void> {
    return this.waiting(
      (cancel) =>
        new Promise((resolve) => {
          const timer = this.#clock.after(milliseconds, resolve)
          cancel(() => {
            this.#clock.cancel(timer)
            resolve()
          })
        }),
    )
  }

  /** Runs a wait that `cancel()` and the deadline can end. */
  async waiting<T>(wait: (onCancel: (cancel: () => void) => void) => Promise<T>): Promise<T> {
    const since = this.#clock.now()
    let deadline: unknown
    const result = await wait((cancel) => {
      this.#cancelWait = cancel
      if (this.deadlineAt !== Infinity) {
        deadline = this.#clock.after(Math.max(0, this.remainingMs), () => {
          this.#late = true
          cancel()
        })
      }
      if (this.#cancelled !== undefined) cancel()
    })
    if (deadline !== undefined) this.#clock.cancel(deadline)
    this.#cancelWait = undefined
    this.#waitedMs += this.#clock.now() - since
    return result
  }

  // The stream port: what the running attempt calls.

  commit(upstream: HeaderMap, waitedMs: number): void {
    this.#onCommit?.()
    const elapsed = this.#clock.now() - this.ingress.startedAt
    // The stream of a second upstream begins inside that of the first.
    this.#firstChunkMs ??= elapsed
    if (!this.#headSent)
      this.#head(200, this.#headers(eventStream, elapsed - this.#waitedMs - waitedMs, upstream))
  }

  write(bytes: Buffer): boolean {
    this.#bytesOut += bytes.length
    this.#continuing?.add(bytes)
    return this.#egress.write(bytes)
  }

  end(bytes: Buffer): void {
    this.#bytesOut += bytes.length
    this.#ending = 'complete'
    this.#egress.end(bytes)
  }

  /** A comment keeps connections open that would be cut on silence. Before the first event it costs us the HTTP status, not the fallback. */
  keepalive(): void {
    if (!this.#headSent) this.#head(200, { 'content-type': eventStream })
    this.#egress.write(this.#dialect.keepalive)
  }

  // How a request ends.

  /** A whole answer: the upstream's bytes with `_proxy_info` spliced in. */
  answer(status: number, upstream: HeaderMap, bytes: Buffer, usage: unknown): void {
    const elapsed = this.#clock.now() - this.ingress.startedAt
    this.#usage = normaliseUsage(usage)
    // The Messages dialect is passed on to the byte.
    const annotated = this.#settings.proxy_info && this.ingress.operation !== 'messages'
    const body = annotated ? withProxyInfo(bytes, proxyInfo(this.#proxyFacts(elapsed))) : bytes
    const headers = this.#headers(json, elapsed - this.#waitedMs, upstream)
    headers['content-length'] = String(body.length)
    this.#bytesOut += body.length
    this.#ending = 'complete'
    this.#head(status, headers)
    this.#egress.end(body)
  }

  /** The usage of a stream, whatever its ending. */
  streamUsage(usage: unknown): void {
    this.#usage = normaliseUsage(usage)
  }

  /** The one error that the client gets, in the only place where it can still stand: the status, or the stream. */
  fail(error: GatewayError, ending: Ending, body?: string): void {
    if (this.over) return
    this.#errorCode = error.code ?? error.type
    this.#ending = this.#cancelled === clientGone ? 'client_gone' : ending
    if (this.#ending === 'client_gone') {
      this.#status ||= error.status
      return
    }
    const text = body ?? this.#dialect.errorBody(error, this.ingress.id)
    if (this.#headSent) {
      const event = Buffer.from(this.#dialect.errorEvent(error, this.ingress.id))
      this.#bytesOut += event.length
      this.#egress.end(event)
      return
    }
    const { attempts } = this
    const facts =
      this.#provider === undefined || attempts.length === 0
        ? {}
        : this.#headers(json, this.#ownMs, this.#failureHeaders())
    const bytes = Buffer.from(text)
    this.#bytesOut += bytes.length
    this.#head(error.status, {
      ...facts,
      ...error.headers,
      'content-type': json,
      'content-length': String(bytes.length),
    })
    this.#egress.end(bytes)
  }

  outcome(repairedFrames: number): Outcome {
    const { ingress } = this
    return {
      requestId: ingress.id,
      operation: ingress.operation,
      caller: ingress.caller,
      model: ingress.body.model,
      stream: this.stream,
      ending: this.#ending ?? 'rejected',
      status: this.#status,
      errorCode: this.#errorCode,
      provider: this.#provider?.name ?? null,
      upstreamModel: this.#upstreamModel,
      attempts: this.attempts,
      ...(this.skipped.length > 0 ? { skipped: this.skipped } : {}),
      usage: this.#usage,
      startedAt: this.#startedEpoch,
      durationMs: this.#clock.now() - ingress.startedAt,
      firstChunkMs: this.#firstChunkMs,
      overheadMs: this.#overheadMs,
      bytesOut: this.#bytesOut,
      repairedFrames,
      dropped: [...this.dropped],
      ...(this.#continuing?.result && { continuation: this.#continuing.result }),
      ...(this.condensed && { condensed: this.condensed }),
    }
  }

  #head(status: number, headers: HeaderMap): void {
    this.#headSent = true
    this.#status = status
    // Clients of the Messages dialect look for the id under this name.
    const named =
      this.ingress.operation === 'messages' ? { ...headers, 'request-id': this.ingress.id } : headers
    this.#egress.head(status, named)
  }

  #facts(overheadMs: number) {
    return {
      provider: this.#provider!.name,
      model: this.#upstreamModel!,
      attempts: this.attempts.length + (this.#attempt === undefined ? 0 : 1),
      overheadMs: Math.max(0, overheadMs),
      dropped: this.dropped,
      condensed: this.condensed,
    }
  }

  #proxyFacts(elapsedMs: number) {
    const { provider, attempts, condensed } = this.#facts(0)
    return { provider, attempts, elapsedMs, requestId: this.ingress.id, condensed }
  }

  /** A vendor's limits belong to the error of that vendor, not to an error of several. */
  #failureHeaders(): HeaderMap {
    const [first] = this.attempts
    return this.attempts.every(({ provider }) => provider === first?.provider)
      ? this.#failedHeaders
      : noHeaders
  }

  #headers(contentType: string, overheadMs: number, upstream: HeaderMap): Record<string, string> {
    return answerHeaders(contentType, this.#facts(overheadMs), upstream, this.#scrub)
  }
}

export const clientGone: AttemptFault = { kind: 'cancelled', message: 'the client left' }

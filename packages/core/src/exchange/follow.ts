import {
  type Call,
  type FollowUp,
  type Operation,
  type PreparedRequest,
  retryHint,
  type UpstreamRequest,
} from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { dated, isJson } from './answer-head.ts'
import { isErrorBody, parseBytes, thrownFault } from './classify.ts'
import { type Answer, ask, type AskedUpstream } from './ask.ts'
import { prepareAlone } from './prepare.ts'
import type { AttemptFault, Transfer } from './transfer.ts'
import type { Watch } from './watch.ts'
import { isFault } from './whole-answer.ts'

export interface FollowInput {
  readonly live: AskedUpstream & { readonly baseUrl: string }
  readonly codec: Operation
  readonly call: Call
  /** The request that began the job: its operation and headers are those of every follow-up. */
  readonly request: PreparedRequest
  readonly clock: Clock
  /** Bytes of one answer. */
  readonly limit: number
  /** The idle limit, for which every answer is a sign of life and a pause between them none of silence; and that to the result. */
  readonly watch: Pick<Watch, 'heard' | 'expectSilence' | 'following'>
}

/** Vendors that answer at once must not be asked without a pause. */
const shortestWaitMs = 50

/** Questions in a row that may fail before the job is given up. */
const mostFailures = 3
const firstWaitMs = 500
/** A vendor that asks for more patience gets this much. */
const longestWaitMs = 20_000

/** Follows a job from its first answer to its result. `done` gets the last answer, or why there is none. */
export class Follow {
  readonly #input: FollowInput
  readonly #done: (result: Answer | AttemptFault) => void
  #timer: unknown
  #asking: Pick<Transfer, 'abort'> | undefined
  /** What the vendor said last about the job. */
  #job: unknown
  /** The follow-up that is being answered. */
  asked: UpstreamRequest | undefined
  #failures = 0
  #over = false

  constructor(input: FollowInput, done: (result: Answer | AttemptFault) => void) {
    this.#input = input
    this.#done = done
  }

  /** Looks at a 2xx answer: it is the result, or says what to ask next. */
  next(answer: Answer): void {
    this.#job = parseBytes(answer.bytes)
    const follow = this.#followUp(this.#job)
    if (follow === undefined) return this.#settle(answer)
    if (isFault(follow)) return this.#settle(follow)
    const wait = Number.isFinite(follow.afterMs) ? Math.max(shortestWaitMs, follow.afterMs) : shortestWaitMs
    const { watch, clock } = this.#input
    watch.following()
    watch.expectSilence(wait)
    this.#timer = clock.after(wait, () => this.#ask(follow))
  }

  abort(): void {
    this.#over = true
    if (this.#timer !== undefined) this.#input.clock.cancel(this.#timer)
    this.#asking?.abort()
  }

  #followUp(body: unknown): FollowUp | AttemptFault | undefined {
    // What is no JSON, or an error, is read as any other answer is.
    if (body === undefined || isErrorBody(body)) return undefined
    try {
      // Plain JavaScript plugins say `null` for nothing.
      return this.#input.codec.follow!(body, this.#input.call, this.asked) ?? undefined
    } catch (error) {
      // A job that has failed would be paid for twice; another provider may do better.
      return { ...thrownFault(error), refusesRetry: true }
    }
  }

  #ask({ request: upstream, binary = false }: FollowUp): void {
    this.asked = upstream
    const { live, clock, limit, watch } = this.#input
    let request
    try {
      request = this.#prepared(upstream)
    } catch (error) {
      // A bug of the plugin: outside of a timer nobody would catch it.
      return this.#settle(thrownFault(error))
    }
    this.#asking = ask({ live, request, clock, limit, heard: () => watch.heard() }, (result) => {
      if (this.#over) return
      const wait = this.#waitAgain(result, upstream)
      if (wait !== undefined) {
        watch.expectSilence(wait)
        this.#timer = clock.after(wait, () => this.#ask({ request: upstream, afterMs: wait, binary }))
        return
      }
      // The job has begun: a retry would begin a second one, which is billed too.
      if (isFault(result)) return this.#settle({ ...result, refusesRetry: true })
      if (result.status < 200 || result.status >= 300) return this.#settle(result)
      this.#failures = 0
      // A vendor that says in JSON why there is no file says no file.
      if (binary && !isJson(result.headers)) return this.#settle(asJson(result, this.#job))
      return binary ? this.#settle(result) : this.next(result)
    })
  }

  /** Milliseconds until a question about the job that failed for a moment is asked again: the job goes on, and is paid for. */
  #waitAgain(result: Answer | AttemptFault, { method }: UpstreamRequest): number | undefined {
    const passing = isFault(result)
      ? result.kind === 'network' || result.kind === 'timeout'
      : result.status === 429 || result.status >= 500
    if (!passing || method === 'POST' || this.#failures >= mostFailures) return undefined
    this.#failures += 1
    const hint = isFault(result) ? undefined : retryHint(dated(result.headers, this.#input.clock), '')
    return Math.min(longestWaitMs, hint ?? firstWaitMs * 2 ** this.#failures)
  }

  #prepared(upstream: UpstreamRequest): PreparedRequest {
    const { live, request } = this.#input
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => name !== 'content-type' && name !== 'content-length',
      ),
    )
    const typed = upstream.method === 'POST' ? { ...headers, 'content-type': 'application/json' } : headers
    return prepareAlone(upstream, { operation: request.operation, baseUrl: live.baseUrl, headers: typed })
  }

  #settle(result: Answer | AttemptFault): void {
    if (this.#over) return
    this.#over = true
    this.#done(result)
  }
}

/** Bytes: in base64 a text of 2^29 characters, the longest that engines can hold, less room for what stands around it. */
const longestFile = 2 ** 29 * 0.75 - 2 ** 20

/** A file as the JSON that `response()` is promised. */
function asJson({ status, headers, bytes }: Answer, job: unknown): Answer | AttemptFault {
  // Beyond it the engine throws, where nobody would catch it. A limit on answers that is so high is the operator's choice.
  if (bytes.length > longestFile)
    return {
      kind: 'bad_response',
      message: 'the upstream’s file is too large to be passed on inside of JSON',
    }
  const mediaType = (headers['content-type'] ?? 'application/octet-stream')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase()
  const text = JSON.stringify({ mediaType, base64: bytes.toString('base64'), job })
  return { status, headers: { ...headers, 'content-type': 'application/json' }, bytes: Buffer.from(text) }
}

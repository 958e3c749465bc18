import type { Call, FollowUp, Operation, PreparedRequest, UpstreamRequest } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { isErrorBody, parseBytes, thrownFault } from './classify.ts'
import { type Answer, ask, type AskedUpstream } from './ask.ts'
import { prepareAlone } from './prepare.ts'
import type { AttemptFault, Transfer } from './transfer.ts'

export interface FollowInput {
  readonly live: AskedUpstream & { readonly baseUrl: string }
  readonly codec: Operation
  readonly call: Call
  /** The request that began the job: its operation and headers are those of every follow-up. */
  readonly request: PreparedRequest
  readonly clock: Clock
  /** Bytes of one answer. */
  readonly limit: number
  readonly heard: () => void
}

/** Vendors that answer at once must not be asked without a pause. */
const shortestWaitMs = 50

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
  #over = false

  constructor(input: FollowInput, done: (result: Answer | AttemptFault) => void) {
    this.#input = input
    this.#done = done
  }

  /** Looks at a 2xx answer: it is the result, or says what to ask next. */
  next(answer: Answer): void {
    const follow = this.#followUp(answer)
    if (follow === undefined) return this.#settle(answer)
    if ('kind' in follow) return this.#settle(follow)
    this.#job = parseBytes(answer.bytes)
    const wait = Number.isFinite(follow.afterMs) ? Math.max(shortestWaitMs, follow.afterMs) : shortestWaitMs
    this.#timer = this.#input.clock.after(wait, () => this.#ask(follow))
  }

  abort(): void {
    this.#over = true
    if (this.#timer !== undefined) this.#input.clock.cancel(this.#timer)
    this.#asking?.abort()
  }

  #followUp({ bytes }: Answer): FollowUp | AttemptFault | undefined {
    const body = parseBytes(bytes)
    // What is no JSON, or an error, is read as any other answer is.
    if (body === undefined || isErrorBody(body)) return undefined
    try {
      return this.#input.codec.follow!(body, this.#input.call, this.asked)
    } catch (error) {
      return thrownFault(error)
    }
  }

  #ask({ request: upstream, binary = false }: FollowUp): void {
    this.asked = upstream
    const { live, request, clock, limit, heard } = this.#input
    const headers = Object.fromEntries(
      Object.entries(request.headers).filter(
        ([name]) => name !== 'content-type' && name !== 'content-length',
      ),
    )
    const typed = upstream.method === 'POST' ? { ...headers, 'content-type': 'application/json' } : headers
    const prepared = prepareAlone(upstream, {
      operation: request.operation,
      baseUrl: live.baseUrl,
      headers: typed,
    })
    this.#asking = ask({ live, request: prepared, clock, limit, heard }, (result) => {
      if (this.#over) return
      if ('kind' in result || result.status < 200 || result.status >= 300) return this.#settle(result)
      if (binary) return this.#settle(asJson(result, this.#job))
      return this.next(result)
    })
  }

  #settle(result: Answer | AttemptFault): void {
    if (this.#over) return
    this.#over = true
    this.#done(result)
  }
}

/** A file as the JSON that `response()` is promised. */
function asJson({ status, headers, bytes }: Answer, job: unknown): Answer {
  const mediaType = (headers['content-type'] ?? 'application/octet-stream')
    .split(';', 1)[0]!
    .trim()
    .toLowerCase()
  const text = JSON.stringify({ mediaType, base64: bytes.toString('base64'), job })
  return { status, headers: { ...headers, 'content-type': 'application/json' }, bytes: Buffer.from(text) }
}

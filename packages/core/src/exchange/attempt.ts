import type { FailedResponse, HeaderMap, PreparedRequest } from '@llmproxy/provider-kit'
import { isJson, namedLimits, refusal } from './answer-head.ts'
import type { Answer } from './ask.ts'
import type { AttemptInput, AttemptResult } from './attempt-input.ts'
import { AttemptIo, authorized, unauthorized } from './authorize.ts'
import { classify, thrownFault } from './classify.ts'
import { Collector } from './collect.ts'
import { decoderFor, type Decoding, decoding, encodingRefused } from './decode.ts'
import { FanOut, type Joined, type Part } from './fan-out.ts'
import { Follow } from './follow.ts'
import type { StreamState } from './lane.ts'
import { openLane, streamOfWhole } from './open-lane.ts'
import { failureTextLimit, refusedFault } from './refused-answer.ts'
import { sendInProcess } from './send-in-process.ts'
import { send } from './send.ts'
import { StreamAnswer, type StreamListener } from './stream-answer.ts'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'
import { timeoutFault, Watch, type WatchedPhase, type WatchListener } from './watch.ts'
import { bytesOf, isFault, readWhole, type WholeAnswer } from './whole-answer.ts'

/** Milliseconds that an upstream gets to close its body after its last event, so that the socket can be kept. */
const lingerMs = 1_000

/** One exchange with one upstream, from the request to the end of its body. */
export class Attempt implements Receiver, StreamListener, WatchListener {
  readonly #input: AttemptInput
  readonly #io: AttemptIo
  #startedAt = 0
  #watch!: Watch
  #resolve!: (result: AttemptResult) => void
  #transfer: Transfer | undefined
  /** Stands between the transfer and this attempt when the answer is compressed. */
  #decoding: Decoding | undefined
  #status = 0
  #headers: HeaderMap = {}
  #collector: Collector | undefined
  #stream: StreamAnswer | undefined
  #follow: Follow | undefined
  #parts: FanOut | undefined
  #committed = false
  #upstreamOver = false
  /** The client does not read. */
  #full = false
  #lingering: unknown
  #over = false
  /** Milliseconds until the head of the answer. */
  firstByteMs: number | null = null
  /** What the stream has shown, its usage above all; absent for whole answers. */
  state: StreamState | undefined

  constructor(input: AttemptInput) {
    this.#input = input
    this.#io = new AttemptIo(input.clock, input.live.elsewhere)
  }

  /** Runs the exchange. Resolves once, when its body has ended, and never rejects. */
  run(): Promise<AttemptResult> {
    const { clock, limits, silentSince } = this.#input
    return new Promise((resolve) => {
      this.#resolve = resolve
      this.#startedAt = clock.now()
      this.#watch = new Watch(clock, limits, this, silentSince)
      this.#begin()
    })
  }

  /** Ends the exchange from outside: the client has left, the deadline has passed, the gateway stops. */
  cancel(fault: AttemptFault): void {
    if (this.#over) return
    this.#drop()
    this.#settle(this.#committed ? { kind: 'broken', fault } : { kind: 'fault', fault })
  }

  /** The client reads again. */
  drained(): void {
    if (this.#over) return
    this.#full = false
    this.#watch.paused(false)
    if (this.state?.finished === true) this.#linger()
    this.#tap?.resume()
  }

  /** Where the flow of plain bytes is held back. */
  get #tap(): Pick<Transfer, 'pause' | 'resume'> | undefined {
    return this.#decoding ?? this.#transfer
  }

  #begin(): void {
    const { live, request, parts } = this.#input
    if (parts !== undefined) return this.#sendParts(parts)
    try {
      const ready = authorized(live.provider, request, this.#io)
      if (ready instanceof Promise)
        ready.then(
          (signed) => this.#send(signed),
          (error) => this.#fail(unauthorized(error)),
        )
      else this.#send(ready)
    } catch (error) {
      this.#fail(unauthorized(error))
    }
  }

  #send(request: PreparedRequest): void {
    if (this.#over) return
    const { live, clock, fresh } = this.#input
    const { upstream, origin } = live
    const transfer =
      upstream === undefined
        ? sendInProcess(live.provider, request, this, clock)
        : send({ upstream, origin, fresh }, request, this)
    this.#transfer = transfer
    // A transport that refused at once has already settled the attempt.
    if (this.#over) transfer.abort()
  }

  /** Each part is authorized on its own. */
  #sendParts(parts: readonly Part[]): void {
    const { live, operation, codec, call, clock, responseLimit: limit } = this.#input
    const classify = this.#classify
    const heard = () => this.#hear()
    this.#parts = new FanOut(
      { live, operation, codec, call, parts, clock, limit, classify, heard },
      this.#concluded,
    )
    this.#parts.begin()
  }

  /** What several exchanges have come to. */
  readonly #concluded = (result: Joined | Answer | AttemptFault): void => {
    this.#upstreamOver = true
    if (this.#over) return
    if (isFault(result)) return this.#fail(result)
    this.#head(result)
    if ('answer' in result) this.#deliver(result.answer)
    else if (this.#success) this.#read(result)
    else this.#refused(result.bytes)
  }

  #hear(): void {
    this.#watch.heard()
    this.firstByteMs ??= this.#input.clock.now() - this.#startedAt
  }

  #head({ status, headers }: Pick<Answer, 'status' | 'headers'>): void {
    this.#status = status
    this.#headers = namedLimits(this.#input.live.provider, headers, this.#input.clock)
  }

  start(status: number, headers: HeaderMap): void {
    if (this.#over) return
    this.#hear()
    this.#head({ status, headers })
    this.#choose()
    if (this.#over) return
    const decoder = decoderFor(headers)
    if (decoder === 'refused') return this.#unreadable(encodingRefused)
    if (decoder !== 'identity') this.#decoding = decoding(decoder, this.#plain(), () => this.#transfer)
  }

  /** Decides what the body is: the text of a failure, a stream, or a whole answer. */
  #choose(): void {
    const { call, codec, responseLimit, eventLimit } = this.#input
    if (!this.#success) {
      this.#collector = new Collector(failureTextLimit)
      return
    }
    const streams = call.stream && (codec.stream !== undefined || codec.response === undefined)
    if (!streams || isJson(this.#headers, codec.framing !== undefined)) {
      this.#collector = new Collector(responseLimit)
      return
    }
    try {
      const lane = openLane(this.#input, this.#classify)
      this.state = lane.state
      this.#stream = new StreamAnswer(lane, this, eventLimit, codec.framing?.({ eventBytes: eventLimit }))
    } catch (error) {
      this.#fail(thrownFault(error))
    }
  }

  get #success(): boolean {
    return this.#status >= 200 && this.#status < 300
  }

  data(chunk: Buffer): void {
    if (this.#over) return
    this.#watch.heard()
    if (this.#decoding === undefined) this.#bytes(chunk)
    else this.#decoding.receiver.data(chunk)
  }

  end(): void {
    if (this.#decoding === undefined) this.#ended()
    else this.#decoding.receiver.end()
  }

  failed(fault: AttemptFault): void {
    if (this.#decoding === undefined) this.#broken(fault)
    else this.#decoding.receiver.failed(fault)
  }

  /** The receiver of decompressed bytes. */
  #plain(): Receiver {
    return {
      start: () => undefined,
      data: (chunk) => this.#bytes(chunk),
      end: () => this.#ended(),
      failed: (fault) => this.#broken(fault),
    }
  }

  #bytes(chunk: Buffer): void {
    if (this.#over) return
    if (this.#stream !== undefined) {
      this.#stream.data(chunk)
      if (!this.#over && this.state!.finished && !this.#full) this.#linger()
      return
    }
    if (this.#collector!.add(chunk)) return
    if (this.#success) {
      this.#fail({
        kind: 'bad_response',
        message: `the upstream's answer is larger than ${this.#input.responseLimit} bytes`,
      })
    } else this.#ended()
  }

  /** Some servers keep the connection open after their last event: the client must not wait for that. */
  #linger(): void {
    this.#lingering ??= this.#input.clock.after(lingerMs, () => {
      this.#stream?.enough()
      this.#drop()
    })
  }

  #ended(): void {
    this.#upstreamOver = true
    this.#stopLingering()
    if (this.#over) return
    if (this.#stream !== undefined) this.#stream.end()
    else if (this.#success) this.#whole()
    else this.#refused()
  }

  #broken(fault: AttemptFault): void {
    this.#upstreamOver = true
    this.#stopLingering()
    if (this.#over) return
    if (this.#stream === undefined) this.#unreadable(fault)
    else this.#stream.broken(fault)
  }

  /** The body cannot be had. A failure is what its status says all the same, whatever became of its text. */
  #unreadable(fault: AttemptFault): void {
    if (this.#collector === undefined || this.#success) this.#fail(fault)
    else this.#refused()
  }

  readonly #classify = (response: FailedResponse): AttemptFault =>
    classify(this.#input.live.provider, response)

  #refused(bytes = this.#collector!.bytes()): void {
    const { codec, clock } = this.#input
    const answer = { status: this.#status, headers: this.#headers, bytes }
    const fault = refusedFault(answer, { codec, clock, classify: this.#classify })
    // A follow-up was refused, not the job: a retry would begin a second one, which is billed too.
    this.#fail(this.#follow === undefined ? fault : { ...fault, refusesRetry: true })
  }

  #whole(): void {
    const answer: Answer = {
      status: this.#status,
      headers: this.#headers,
      bytes: this.#collector!.bytes(),
    }
    const { live, codec, call, request, clock, responseLimit: limit } = this.#input
    if (codec.follow === undefined) return this.#read(answer)
    const watch = this.#watch
    this.#follow = new Follow({ live, codec, call, request, clock, limit, watch }, this.#concluded)
    this.#follow.next(answer)
  }

  #read({ status, headers, bytes }: Answer): void {
    const { operation, codec, call } = this.#input
    const asked = this.#follow?.asked
    const classify = this.#classify
    const answer = readWhole({ operation, codec, call, status, headers, bytes, asked, classify })
    if (isFault(answer)) this.#fail(answer)
    else this.#deliver(answer)
  }

  #deliver(answer: WholeAnswer): void {
    if (this.#input.call.stream) return this.#wholeAsStream(answer)
    const bytes = bytesOf(answer)
    if (isFault(bytes)) return this.#fail(bytes)
    this.#drop()
    this.#settle({
      kind: 'whole',
      status: this.#status,
      headers: this.#headers,
      bytes,
      value: answer.value,
    })
  }

  #wholeAsStream({ value }: WholeAnswer): void {
    try {
      const streamed = streamOfWhole(this.#input, value)
      if ('kind' in streamed) return this.#fail(streamed)
      this.state = streamed.state
      this.complete(streamed.bytes)
    } catch (error) {
      this.#fail(thrownFault(error))
    }
  }

  frames(bytes: Buffer): void {
    if (this.#over) return
    const { port } = this.#input
    this.#commit()
    this.#watch.wrote()
    if (port.write(bytes)) return
    this.#full = true
    this.#watch.paused(true)
    // What the upstream still has to say cannot come while nobody takes it.
    this.#stopLingering()
    this.#tap?.pause()
  }

  complete(bytes: Buffer): void {
    if (this.#over) return
    this.#commit()
    this.#input.port.end(bytes)
    this.#settle({ kind: 'streamed' })
    if (!this.#upstreamOver) this.#linger()
  }

  faulted(fault: AttemptFault): void {
    this.#fail(fault)
  }

  #commit(): void {
    if (this.#committed) return
    this.#committed = true
    this.#watch.committed()
    this.#input.port.commit(this.#headers, this.#input.clock.now() - this.#startedAt)
  }

  timedOut(phase: WatchedPhase): void {
    const fault = timeoutFault(phase)
    if (this.#stream !== undefined) this.#stream.broken(fault)
    else if (phase === 'total') this.#fail(fault)
    else this.#unreadable(fault)
  }

  keepalive(): void {
    if (this.#input.call.stream) this.#input.port.keepalive()
  }

  #fail(given: AttemptFault): void {
    if (this.#over) return
    const fault = { ...given, ...refusal(this.#headers), ...(this.#follow && { jobBegun: true }) }
    this.#drop()
    this.#settle(this.#committed ? { kind: 'broken', fault } : { kind: 'fault', fault })
  }

  #settle(result: AttemptResult): void {
    this.#over = true
    this.#watch.stop()
    this.#resolve(result)
  }

  /** Lets go of the upstream at once. */
  #drop(): void {
    this.#stopLingering()
    this.#io.abort()
    this.#transfer?.abort()
    this.#follow?.abort()
    this.#parts?.abort()
    this.#decoding?.stop()
  }

  #stopLingering(): void {
    if (this.#lingering !== undefined) this.#input.clock.cancel(this.#lingering)
    this.#lingering = undefined
  }
}

import type { HeaderMap, PreparedRequest, Provider } from '@llmproxy/provider-kit'
import type { Dispatcher } from 'undici'
import type { Clock } from '../clock.ts'
import { AttemptIo, authorized, unauthorized } from './authorize.ts'
import { Collector } from './collect.ts'
import { decoderFor, type Decoding, decoding, encodingRefused } from './decode.ts'
import { failureTextLimit } from './refused-answer.ts'
import { sendInProcess } from './send-in-process.ts'
import { send } from './send.ts'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'

/** A whole answer, whatever its status. */
export interface Answer {
  readonly status: number
  readonly headers: HeaderMap
  /** Decompressed. */
  readonly bytes: Buffer
}

export interface AskInput {
  readonly live: AskedUpstream
  readonly request: PreparedRequest
  readonly clock: Clock
  /** Bytes of the answer. */
  readonly limit: number
  /** The head of the answer, or more of its body, has come. */
  readonly heard?: () => void
}

/** What is needed of a provider to ask it. */
export interface AskedUpstream {
  readonly provider: Provider
  readonly origin: string
  /** Absent for a provider that answers in process. */
  readonly upstream: Dispatcher | undefined
  /** Connections to other addresses than its own. */
  readonly elsewhere: Dispatcher
}

/**
 * Sends one request and waits for its whole answer. `done` is called once, unless the result is used to abort first. A kept-alive
 * socket that dies before any answer is no failure yet: the request is sent once more. A refusal is what its status says, whatever
 * becomes of its text.
 */
export function ask(input: AskInput, done: (result: Answer | AttemptFault) => void): Pick<Transfer, 'abort'> {
  const asking = new Asking(input, done)
  asking.begin()
  return asking
}

class Asking implements Receiver {
  readonly #input: AskInput
  readonly #io: AttemptIo
  #collector: Collector
  #done: ((result: Answer | AttemptFault) => void) | undefined
  #transfer: Transfer | undefined
  #decoding: Decoding | undefined
  #status = 0
  #headers: HeaderMap = {}
  #raced = false

  constructor(input: AskInput, done: (result: Answer | AttemptFault) => void) {
    this.#input = input
    this.#done = done
    this.#io = new AttemptIo(input.clock, input.live.elsewhere)
    this.#collector = new Collector(input.limit)
  }

  begin(): void {
    const { live, request } = this.#input
    try {
      const ready = authorized(live.provider, request, this.#io)
      if (ready instanceof Promise)
        ready.then(
          (signed) => this.#send(signed),
          (error) => this.#settle(unauthorized(error)),
        )
      else this.#send(ready)
    } catch (error) {
      this.#settle(unauthorized(error))
    }
  }

  abort(): void {
    this.#done = undefined
    this.#drop()
  }

  #send(request: PreparedRequest): void {
    if (this.#done === undefined) return
    const { live, clock } = this.#input
    const { upstream, origin } = live
    this.#transfer =
      upstream === undefined
        ? sendInProcess(live.provider, request, this, clock)
        : send({ upstream, origin, fresh: this.#raced }, request, this)
    // A transport that refused at once has already settled.
    if (this.#done === undefined) this.#transfer.abort()
  }

  start(status: number, headers: HeaderMap): void {
    this.#input.heard?.()
    this.#status = status
    this.#headers = headers
    if (this.#refused) this.#collector = new Collector(Math.min(failureTextLimit, this.#input.limit))
    const decoder = decoderFor(headers)
    if (decoder === 'refused') return this.#unreadable(encodingRefused)
    if (decoder !== 'identity') this.#decoding = decoding(decoder, this.#plain(), () => this.#transfer)
  }

  data(chunk: Buffer): void {
    this.#input.heard?.()
    if (this.#decoding === undefined) this.#add(chunk)
    else this.#decoding.receiver.data(chunk)
  }

  end(): void {
    if (this.#decoding === undefined) this.#whole()
    else this.#decoding.receiver.end()
  }

  failed(fault: AttemptFault): void {
    if (fault.reusedSocketDied !== true) return this.#unreadable(fault)
    if (this.#raced) return this.#settle({ ...fault, reusedSocketDied: false })
    this.#raced = true
    this.begin()
  }

  /** A status came, and it is no success. */
  get #refused(): boolean {
    return this.#status !== 0 && (this.#status < 200 || this.#status >= 300)
  }

  #plain(): Receiver {
    return {
      start: () => undefined,
      data: (chunk) => this.#add(chunk),
      end: () => this.#whole(),
      failed: (fault) => this.#unreadable(fault),
    }
  }

  #add(chunk: Buffer): void {
    if (this.#done === undefined || this.#collector.add(chunk)) return
    const message = `the upstream's answer is larger than ${this.#input.limit} bytes`
    this.#unreadable({ kind: 'bad_response', message })
  }

  #unreadable(fault: AttemptFault): void {
    if (this.#refused) this.#whole()
    else this.#settle(fault)
  }

  #whole(): void {
    this.#settle({ status: this.#status, headers: this.#headers, bytes: this.#collector.bytes() })
  }

  #settle(result: Answer | AttemptFault): void {
    const done = this.#done
    this.#done = undefined
    this.#drop()
    done?.(result)
  }

  #drop(): void {
    this.#io.abort()
    this.#transfer?.abort()
    this.#decoding?.stop()
  }
}

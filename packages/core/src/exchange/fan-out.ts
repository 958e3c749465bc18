import type { Call, FailedResponse, Operation, OperationName, PreparedRequest } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { type Answer, ask, type AskedUpstream } from './ask.ts'
import { thrownFault } from './classify.ts'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'
import { isFault, readWhole } from './whole-answer.ts'

/** One of the exchanges that make up an answer. */
export interface Part {
  readonly call: Call
  readonly request: PreparedRequest
}

export interface FanOutInput {
  readonly live: AskedUpstream
  readonly operation: OperationName
  /** The provider's own codec, with `join`. */
  readonly codec: Operation
  readonly call: Call
  readonly parts: readonly Part[]
  readonly clock: Clock
  /** Bytes of all answers together. */
  readonly limit: number
  readonly classify: (response: FailedResponse) => AttemptFault
}

/** Parts under way at the same time: enough to hide latency, few enough not to look like an attack. */
const abreast = 4

/** The codec for a joined answer: its parts have been translated. */
export function joinedCodec(codec: Operation): Operation {
  return { request: (call) => codec.request(call), response: (body) => body }
}

/**
 * Asks for every part and hands over one joined JSON answer, as if it had come from one upstream. The first failure is the failure
 * of all: the other parts are given up.
 */
export function sendParts(input: FanOutInput, receiver: Receiver): Transfer {
  const fan = new FanOut(input, receiver)
  fan.begin()
  return fan
}

class FanOut implements Transfer {
  readonly #input: FanOutInput
  readonly #receiver: Receiver
  readonly #running = new Set<Pick<Transfer, 'abort'>>()
  readonly #answers: unknown[] = []
  #first: Answer | undefined
  #next = 0
  #finished = 0
  #bytes = 0
  #over = false

  constructor(input: FanOutInput, receiver: Receiver) {
    this.#input = input
    this.#receiver = receiver
  }

  begin(): void {
    while (!this.#over && this.#running.size < abreast && this.#next < this.#input.parts.length)
      this.#ask(this.#next++)
  }

  #ask(position: number): void {
    const { live, clock, limit, parts } = this.#input
    const { request } = parts[position]!
    let asking: Pick<Transfer, 'abort'> | undefined
    let settled = false
    // A provider that refuses at once settles before there is anything to forget.
    asking = ask({ live, request, clock, limit }, (result) => {
      settled = true
      if (asking !== undefined) this.#running.delete(asking)
      this.#settle(position, result)
    })
    if (!settled) this.#running.add(asking)
  }

  #settle(position: number, result: Answer | AttemptFault): void {
    if (this.#over) return
    if ('kind' in result) return this.#fail(result)
    this.#bytes += result.bytes.length
    if (result.status < 200 || result.status >= 300) return this.#deliver(result, result.bytes)
    if (this.#bytes > this.#input.limit) {
      const message = `the upstream's answers are larger than ${this.#input.limit} bytes together`
      return this.#fail({ kind: 'bad_response', message })
    }
    const { operation, codec, parts, classify } = this.#input
    const { call } = parts[position]!
    const answer = readWhole({ operation, codec, call, classify, ...result })
    if (isFault(answer)) return this.#fail(answer)
    this.#first ??= result
    this.#answers[position] = answer.value
    this.#finished += 1
    if (this.#finished === parts.length) this.#join()
    else this.begin()
  }

  #join(): void {
    const { codec, call } = this.#input
    let text: string
    try {
      text = JSON.stringify(codec.join!(this.#answers, call))
    } catch (error) {
      return this.#fail(thrownFault(error))
    }
    this.#deliver(this.#first!, Buffer.from(text))
  }

  #deliver({ status, headers }: Answer, bytes: Buffer): void {
    this.abort()
    const { 'content-encoding': _encoding, ...plain } = headers
    this.#receiver.start(status, { ...plain, 'content-type': 'application/json' })
    this.#receiver.data(bytes)
    this.#receiver.end()
  }

  #fail(fault: AttemptFault): void {
    this.abort()
    this.#receiver.failed(fault)
  }

  /** Nothing flows before everything is there. */
  pause(): void {}
  resume(): void {}

  abort(): void {
    this.#over = true
    for (const asking of this.#running) asking.abort()
    this.#running.clear()
  }
}

import type {
  Call,
  FailedResponse,
  HeaderMap,
  Operation,
  OperationName,
  PreparedRequest,
} from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { refusal } from './answer-head.ts'
import { type Answer, ask, type AskedUpstream } from './ask.ts'
import { thrownFault } from './classify.ts'
import type { AttemptFault, Transfer } from './transfer.ts'
import { isFault, readWhole, translated, type WholeAnswer } from './whole-answer.ts'

/** One of the exchanges that make up an answer. */
export interface Part {
  readonly call: Call
  readonly request: PreparedRequest
}

export interface FanOutInput {
  readonly live: AskedUpstream
  readonly operation: OperationName
  /** With `join`. */
  readonly codec: Operation
  readonly call: Call
  readonly parts: readonly Part[]
  readonly clock: Clock
  /** Bytes of all answers together. */
  readonly limit: number
  readonly classify: (response: FailedResponse) => AttemptFault
  /** Bytes of any part have come. */
  readonly heard: () => void
}

/** What all parts have come to. */
export interface Joined {
  readonly status: number
  /** Those of the part that answered last: the vendor's limits as they are now. */
  readonly headers: HeaderMap
  readonly answer: WholeAnswer
}

/** Parts under way at the same time: enough to hide latency, few enough not to look like an attack. */
const abreast = 4

/**
 * Asks for every part and joins their answers. The first failure is the failure of all: the other parts are given up. `done` gets the
 * joined answer, the answer with which a part was refused, or why there is none.
 */
export class FanOut {
  readonly #input: FanOutInput
  readonly #done: (result: Joined | Answer | AttemptFault) => void
  readonly #running = new Set<Pick<Transfer, 'abort'>>()
  readonly #answers: unknown[] = []
  #next = 0
  #finished = 0
  #bytes = 0
  #heard = false
  #over = false

  constructor(input: FanOutInput, done: (result: Joined | Answer | AttemptFault) => void) {
    this.#input = input
    this.#done = done
  }

  begin(): void {
    while (!this.#over && this.#running.size < abreast && this.#next < this.#input.parts.length)
      this.#ask(this.#next++)
  }

  abort(): void {
    this.#over = true
    for (const asking of this.#running) asking.abort()
    this.#running.clear()
  }

  #ask(position: number): void {
    const { live, clock, limit, parts } = this.#input
    const { request } = parts[position]!
    let asking: Pick<Transfer, 'abort'> | undefined
    let settled = false
    // A provider that refuses at once settles before there is anything to forget.
    asking = ask({ live, request, clock, limit, heard: this.#hear }, (result) => {
      settled = true
      if (asking !== undefined) this.#running.delete(asking)
      this.#settle(position, result)
    })
    if (!settled) this.#running.add(asking)
  }

  readonly #hear = (): void => {
    this.#heard = true
    this.#input.heard()
  }

  #settle(position: number, result: Answer | AttemptFault): void {
    if (this.#over) return
    // What this part did not send, others did: all of it again would be billed twice.
    if (isFault(result)) return this.#end(this.#heard ? { ...result, nothingSent: false } : result)
    if (result.status < 200 || result.status >= 300) return this.#end(result)
    this.#bytes += result.bytes.length
    if (this.#bytes > this.#input.limit) {
      const message = `the upstream's answers are larger than ${this.#input.limit} bytes together`
      return this.#end({ kind: 'bad_response', message })
    }
    const { operation, codec, parts, classify } = this.#input
    const { call } = parts[position]!
    const answer = readWhole({ operation, codec, call, classify, ...result })
    if (isFault(answer)) return this.#end({ ...answer, ...refusal(result.headers) })
    this.#answers[position] = answer.value
    this.#finished += 1
    if (this.#finished === parts.length) this.#end(this.#joined(result))
    else this.begin()
  }

  #joined({ status, headers }: Answer): Joined | AttemptFault {
    const { operation, codec, call } = this.#input
    try {
      const answer = translated(operation, codec.join!(this.#answers, call), call)
      return isFault(answer) ? answer : { status, headers, answer }
    } catch (error) {
      return thrownFault(error)
    }
  }

  #end(result: Joined | Answer | AttemptFault): void {
    this.abort()
    this.#done(result)
  }
}

import {
  type HeaderMap,
  isObject,
  type PreparedRequest,
  type Provider,
  type UpstreamResponse,
} from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { networkFault } from './network-fault.ts'
import type { AttemptFault, Receiver, Transfer } from './transfer.ts'

/** Runs a provider's own `exchange()` as if it were an upstream. */
export function sendInProcess(
  provider: Provider,
  request: PreparedRequest,
  receiver: Receiver,
  clock: Clock,
): Transfer {
  const running = new InProcess(receiver)
  void running.run(provider, request, clock)
  return running
}

class InProcess implements Transfer {
  readonly #receiver: Receiver
  readonly #abort = new AbortController()
  #resumed: (() => void) | undefined
  #paused = false
  #answered = false
  #over = false

  constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  async run(provider: Provider, request: PreparedRequest, clock: Clock): Promise<void> {
    try {
      const io = { signal: this.#abort.signal, now: () => clock.epoch() }
      const response: unknown = await provider.exchange!(request, io)
      if (this.#over) return
      if (!isResponse(response)) {
        this.#fail(misused('exchange() must resolve to { status, headers, body }, the body being bytes'))
        return
      }
      this.#answered = true
      this.#receiver.start(response.status, lowerCase(response.headers))
      if (response.body instanceof Uint8Array) this.#data(response.body)
      else await this.#relay(response.body)
      this.#end()
    } catch (error) {
      this.#fail(networkFault(error, { sent: true, reused: false, answered: this.#answered }))
    }
  }

  #fail(fault: AttemptFault): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.failed(fault)
  }

  async #relay(body: AsyncIterable<unknown>): Promise<void> {
    for await (const chunk of body) {
      if (this.#over) return
      if (!(chunk instanceof Uint8Array)) {
        this.#fail(misused('the body of exchange() must yield Uint8Array'))
        return
      }
      this.#data(chunk)
      if (this.#paused) {
        await new Promise<void>((resolve) => {
          this.#resumed = resolve
        })
      }
      // Not one more piece is made for a client that has left.
      if (this.#over) return
    }
  }

  #data(chunk: Uint8Array): void {
    if (!this.#over && chunk.length > 0) {
      this.#receiver.data(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    }
  }

  #end(): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.end()
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#resumed?.()
    this.#resumed = undefined
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#abort.abort()
    this.resume()
  }
}

/** Plugins may be plain JavaScript. */
function isResponse(value: unknown): value is UpstreamResponse {
  if (!isObject(value) || !isObject(value['headers'])) return false
  const { status, body } = value
  if (!Number.isInteger(status) || (status as number) < 200 || (status as number) > 599) return false
  return (
    body instanceof Uint8Array || (typeof body === 'object' && body !== null && Symbol.asyncIterator in body)
  )
}

function misused(rule: string): AttemptFault {
  return {
    kind: 'bad_response',
    message: 'the provider’s answer is not understood',
    thrown: new TypeError(rule),
  }
}

function lowerCase(headers: Readonly<Record<string, unknown>>): HeaderMap {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]),
  )
}

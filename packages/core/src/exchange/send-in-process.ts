import type { PreparedRequest, Provider } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import { networkFault } from './network-fault.ts'
import type { Receiver, Transfer } from './transfer.ts'

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
      const response = await provider.exchange!(request, io)
      if (this.#over) return
      this.#answered = true
      this.#receiver.start(response.status, response.headers)
      if (response.body instanceof Uint8Array) this.#data(response.body)
      else await this.#relay(response.body)
      this.#end()
    } catch (error) {
      if (this.#over) return
      this.#over = true
      this.#receiver.failed(networkFault(error, { sent: true, reused: false, answered: this.#answered }))
    }
  }

  async #relay(body: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const chunk of body) {
      if (this.#over) return
      this.#data(chunk)
      if (this.#paused) {
        await new Promise<void>((resolve) => {
          this.#resumed = resolve
        })
      }
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

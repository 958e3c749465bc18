import type { PreparedRequest } from '@llmproxy/provider-kit'
import type { Dispatcher } from 'undici'
import { networkFault } from './network-fault.ts'
import { type ReceivedHeaders, singleValues } from './single-values.ts'
import type { Receiver, Transfer } from './transfer.ts'
import { type TrackedClient, type TrackedHandler, Upstream } from './upstream.ts'

/** Interim answers (1xx) before an answer: usual are none, one or two. */
const mostInterim = 100

/** Where a request goes. */
export interface Destination {
  readonly upstream: Dispatcher
  readonly origin: string
  /** Over a connection of its own: one that was kept has just been found dead. */
  readonly fresh?: boolean | undefined
}

/** Sends one request over HTTP. The only place that talks to undici's `dispatch`. */
export function send(
  { upstream, origin, fresh }: Destination,
  request: PreparedRequest,
  receiver: Receiver,
): Transfer {
  const sending = new Sending(receiver)
  const options = {
    origin,
    path: request.url.slice(origin.length),
    method: request.method,
    headers: request.headers,
    body: (request.body as Buffer | undefined) ?? null,
  }
  try {
    if (fresh === true && upstream instanceof Upstream) upstream.dispatchFresh(options, sending)
    else upstream.dispatch(options, sending)
  } catch (error) {
    sending.refuse(error)
  }
  return sending
}

/** One dispatch: undici's callbacks in, a receiver's out. */
class Sending implements TrackedHandler, Transfer {
  client: TrackedClient | undefined
  readonly #receiver: Receiver
  #controller: Dispatcher.DispatchController | undefined
  #reused = false
  #answered = false
  #over = false
  #paused = false
  #interim = 0

  constructor(receiver: Receiver) {
    this.#receiver = receiver
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    const { client } = this
    if (client !== undefined) {
      this.#reused = client.used
      client.used = true
    }
    if (this.#over) controller.abort(aborted)
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: object): void {
    if (this.#over) return
    // 1xx answers announce, they do not answer. But the upstream has seen the request: what follows is no keep-alive race.
    if (status < 200) {
      this.#reused = false
      if (++this.#interim > mostInterim) this.#announcesOnly()
      return
    }
    this.#answered = true
    this.#receiver.start(status, singleValues(headers as ReceivedHeaders))
    if (this.#paused) controller.pause()
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#over) this.#receiver.data(chunk)
  }

  onResponseEnd(): void {
    if (this.#over) return
    this.#over = true
    this.#receiver.end()
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.refuse(error)
  }

  refuse(error: unknown): void {
    if (this.#over) return
    this.#over = true
    const sent = this.#controller !== undefined
    this.#receiver.failed(networkFault(error, { sent, reused: this.#reused, answered: this.#answered }))
  }

  #announcesOnly(): void {
    this.abort()
    this.#receiver.failed({ kind: 'bad_response', message: 'the upstream announces its answer without end' })
  }

  pause(): void {
    this.#paused = true
    this.#controller?.pause()
  }

  resume(): void {
    this.#paused = false
    this.#controller?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    if (this.#controller !== undefined) this.#controller.abort(aborted)
    else this.client?.giveUp()
  }
}

// One shared object: nobody reads its stack, and capturing one per cancelled request is the costly part.
const aborted = new Error('aborted by the gateway')

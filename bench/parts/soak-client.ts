import type { Dispatcher, Pool } from 'undici'
import { soakBody, type SoakRequest } from './soak-request.ts'

/** How an answer looked to the client: `complete`, `left`, `status 502`, `error in stream`, `cut`. */
export type Seen = string

/** Milliseconds after which a client that leaves before the answer does so. */
const patienceMs = 100

/** Sends one request and tells how it ended. Never rejects. */
export function sendOne(pool: Pool, request: SoakRequest, key: string): Promise<Seen> {
  return new Promise((resolve) => {
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: soakBody(request),
      },
      new Reading(request, resolve),
    )
  })
}

class Reading implements Dispatcher.DispatchHandler {
  readonly #request: SoakRequest
  readonly #done: (seen: Seen) => void
  readonly #text: string[] = []
  #status = 0
  #left = false
  #timer: NodeJS.Timeout | undefined

  constructor(request: SoakRequest, done: (seen: Seen) => void) {
    this.#request = request
    this.#done = done
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#request.leaving === 'early') this.#timer = setTimeout(() => this.#leave(controller), patienceMs)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#text.push(chunk.toString('latin1'))
    if (this.#request.leaving === 'midway') this.#leave(controller)
  }

  onResponseEnd(): void {
    this.#end(this.#judge())
  }

  onResponseError(): void {
    this.#end(this.#left ? 'left' : 'cut')
  }

  #leave(controller: Dispatcher.DispatchController): void {
    this.#left = true
    controller.abort(leaving)
  }

  #end(seen: Seen): void {
    clearTimeout(this.#timer)
    this.#done(seen)
  }

  #judge(): Seen {
    if (this.#status !== 200) return `status ${this.#status}`
    const text = this.#text.join('')
    if (!this.#request.stream) return text.includes('"choices"') ? 'complete' : 'not an answer'
    if (text.endsWith('data: [DONE]\n\n')) return 'complete'
    return text.includes('data: {"error"') ? 'error in stream' : 'cut'
  }
}

const leaving = new Error('the client leaves')

import type { Dispatcher, Pool } from 'undici'
import { textFor } from './chaos-answer.ts'
import { chaosBody, type ChaosRequest } from './chaos-request.ts'

/**
 * How an answer looked to the client. `complete`: its own answer, whole, once. `wrong`: anything that is no honest ending: a short
 * stream that looks whole, another request's text, a second answer.
 */
export interface ChaosSeen {
  readonly request: ChaosRequest
  readonly how: 'complete' | 'left' | 'error' | 'error in stream' | 'connection lost' | 'wrong'
  readonly status: number
  /** Milliseconds since the epoch: when the client was done, or left. */
  readonly at: number
  readonly text: string
}

const leaving = new Error('the client leaves')

/** Sends one request and tells how it ended. Never rejects. */
export function askChaos(pool: Pool, request: ChaosRequest, key: string): Promise<ChaosSeen> {
  return new Promise((resolve) => {
    pool.dispatch(
      {
        path: '/v1/chat/completions',
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
        body: chaosBody(request),
      },
      new Reading(request, resolve),
    )
  })
}

class Reading implements Dispatcher.DispatchHandler {
  readonly #request: ChaosRequest
  readonly #done: (seen: ChaosSeen) => void
  #text = ''
  #status = 0
  #leftAt: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(request: ChaosRequest, done: (seen: ChaosSeen) => void) {
    this.#request = request
    this.#done = done
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    const { leavesAfterMs } = this.#request
    if (leavesAfterMs === undefined) return
    this.#timer = setTimeout(() => {
      this.#leftAt = Date.now()
      controller.abort(leaving)
    }, leavesAfterMs)
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#text += chunk.toString()
  }

  onResponseEnd(): void {
    this.#end(this.#judge())
  }

  onResponseError(): void {
    this.#end(this.#leftAt === undefined ? 'connection lost' : 'left')
  }

  #end(how: ChaosSeen['how']): void {
    clearTimeout(this.#timer)
    this.#done({
      request: this.#request,
      how,
      status: this.#status,
      at: this.#leftAt ?? Date.now(),
      text: how === 'wrong' ? this.#text : '',
    })
  }

  #judge(): ChaosSeen['how'] {
    const whole = textFor(this.#request.id)
    if (this.#status !== 200) return this.#text.includes('"error"') ? 'error' : 'wrong'
    if (!this.#request.stream) return contentOf(this.#text) === whole ? 'complete' : 'wrong'
    const frames = this.#text.split('\n\n').filter((frame) => frame.startsWith('data: '))
    const ends = frames.filter((frame) => frame === 'data: [DONE]').length
    const text = frames.map(deltaOf).join('')
    if (frames.at(-1)?.startsWith('data: {"error"') === true && ends === 0 && whole.startsWith(text))
      return 'error in stream'
    return ends === 1 && text === whole ? 'complete' : 'wrong'
  }
}

function contentOf(text: string): string | undefined {
  const answer = parsed(text) as { choices?: { message?: { content?: string } }[] } | undefined
  return answer?.choices?.[0]?.message?.content
}

function deltaOf(frame: string): string {
  const chunk = parsed(frame.slice('data: '.length)) as
    | { choices?: { delta?: { content?: string } }[] }
    | undefined
  return chunk?.choices?.[0]?.delta?.content ?? ''
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

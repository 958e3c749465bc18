/** One end of the message channel between two processes of a server. */
export interface Port {
  send(message: object): void
  onMessage(listener: (message: unknown) => void): void
}

interface Waiting {
  resolve(answer: unknown): void
  readonly timer: NodeJS.Timeout
}

interface Message {
  readonly kind: string
  readonly body?: unknown
  /** Present when an answer is wanted. */
  readonly ask?: number
  /** Present in the answer: the number of the question. */
  readonly answer?: number
}

/**
 * Messages, and questions with answers, between the processes of one server. Nothing here throws when the other process has gone:
 * what is told is lost, what is asked is answered with `undefined`.
 */
export class Channel {
  readonly #port: Port
  readonly #listeners = new Map<string, (body: never) => unknown>()
  readonly #waiting = new Map<number, Waiting>()
  #questions = 0

  constructor(port: Port) {
    this.#port = port
    port.onMessage((message) => {
      if (isMessage(message)) void this.#receive(message)
    })
  }

  /** What to do with messages of a kind; what it returns, or resolves with, is the answer to a question. */
  on(kind: string, listener: (body: never) => unknown): void {
    this.#listeners.set(kind, listener)
  }

  tell(kind: string, body?: unknown): void {
    this.#send({ kind, body })
  }

  /** The other process's answer; `undefined` when it gives none within `milliseconds`. */
  ask<Answer>(kind: string, body: unknown, milliseconds: number): Promise<Answer | undefined> {
    const ask = ++this.#questions
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#answered(ask, undefined), milliseconds)
      this.#waiting.set(ask, { resolve, timer })
      if (!this.#send({ kind, body, ask })) this.#answered(ask, undefined)
    })
  }

  /** The other process has gone: nobody is kept waiting. */
  close(): void {
    for (const ask of this.#waiting.keys()) this.#answered(ask, undefined)
  }

  async #receive({ kind, body, ask, answer }: Message): Promise<void> {
    if (answer !== undefined) return this.#answered(answer, body)
    const listener = this.#listeners.get(kind)
    if (listener === undefined) return
    const result: unknown = await listener(body as never)
    if (ask !== undefined) this.#send({ kind, body: result, answer: ask })
  }

  #answered(ask: number, answer: unknown): void {
    const waiting = this.#waiting.get(ask)
    if (waiting === undefined) return
    this.#waiting.delete(ask)
    clearTimeout(waiting.timer)
    waiting.resolve(answer)
  }

  #send(message: Message): boolean {
    try {
      this.#port.send(message)
      return true
    } catch {
      return false
    }
  }
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && typeof (message as Message).kind === 'string'
}

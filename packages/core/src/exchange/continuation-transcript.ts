import { type FrameIdentity, isObject, type JsonObject, parseJson } from '@llmproxy/provider-kit'

/** What the client of a stream has been given. */
export interface Said {
  /** What all frames of the stream have in common. */
  readonly identity: FrameIdentity
  readonly text: string
  /** Deltas that carried some of the text. */
  readonly pieces: number
  /** Reasoning was shown. */
  readonly reasoned: boolean
}

/** Bytes that are kept unread: frames are many times larger than what they say, and cheaper to read together. */
const mostUnread = 256 * 1024

/** Characters. Nobody streams more, and it would have to be kept for every stream. */
const mostText = 1024 * 1024

/**
 * Remembers what a stream has said, from the very bytes that its client was given, so that the two cannot differ. A write costs
 * one entry in a list; frames are read when 256 KiB of them have come together, which few answers reach, or when somebody asks.
 */
export class Transcript {
  #unread: Buffer[] = []
  #unreadBytes = 0
  #identity: FrameIdentity | undefined
  #text = ''
  #pieces = 0
  #reasoned = false
  /** Something was said that another model cannot go on from. */
  #closed = false

  /** Whole frames, each `data: ` and one line of JSON, as `FrameRules` let them pass. */
  add(frames: Buffer): void {
    if (this.#closed) return
    this.#unread.push(frames)
    this.#unreadBytes += frames.length
    if (this.#unreadBytes > mostUnread) this.#read()
  }

  /** `undefined`: it was more than text and reasoning (a call, a refusal, several choices), has ended, or is too long. */
  said(): Said | undefined {
    this.#read()
    if (this.#closed || this.#identity === undefined) return undefined
    return {
      identity: this.#identity,
      text: this.#text,
      pieces: this.#pieces,
      reasoned: this.#reasoned,
    }
  }

  #read(): void {
    const text = Buffer.concat(this.#unread).toString('utf8')
    this.#unread = []
    this.#unreadBytes = 0
    for (const frame of text.split('\n\n')) {
      if (this.#closed) return
      if (frame !== '') this.#note(parseJson(frame.slice('data: '.length)))
    }
  }

  #note(frame: unknown): void {
    if (!isObject(frame)) return this.#close()
    const { id, created, model, choices } = frame
    this.#identity ??= { id, created, model } as FrameIdentity
    // Citations and the like come in frames without a choice.
    if (!Array.isArray(choices) || choices.length === 0) return
    const choice: unknown = choices[0]
    const plain = choices.length === 1 && isObject(choice) && choice['index'] === 0
    if (!plain || choice['finish_reason'] !== null) return this.#close()
    this.#delta(choice['delta'] as JsonObject)
  }

  #delta(delta: JsonObject): void {
    for (const [name, value] of Object.entries(delta)) {
      if (name === 'role' || isNothing(value)) continue
      if (name === 'content' && typeof value === 'string') {
        this.#text += value
        this.#pieces += 1
      } else if (/^(?:reasoning|thinking)/.test(name)) this.#reasoned = true
      else return this.#close()
    }
    if (this.#text.length > mostText) this.#close()
  }

  #close(): void {
    this.#closed = true
    this.#text = ''
  }
}

function isNothing(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
}

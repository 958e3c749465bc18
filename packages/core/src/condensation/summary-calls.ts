import type { SummaryFailureReason, SummarySpent } from '../metrics/condensation.ts'
import { beginningOf } from './beginning-of.ts'
import { AskFailed, AskOverflow, type SummaryIo, type SummaryMessage, SummaryFailed } from './summary-io.ts'

/** For one summary. A conversation that takes more is larger than what is worth a summary. */
export const mostCalls = 24

/** At a time: one client's summary is not to take all the places of a provider. */
const mostAtOnce = 4

/** Tokens that vendors count for a message beyond its text, at most. */
const messageOverhead = 8

/** Tokens that an answer may have more, where its model thinks before it speaks; at most a quarter of the room. */
const roomToThink = 4_096

/** Of a window, what is used: estimates may be too low, and counts of samples a little. */
const usedShare = { exact: 0.97, estimated: 0.9 }

/** By how much the size of a summary may differ from what its model has counted. */
const estimatesErr = 2

/** What one call is to make a summary of. */
export interface Material {
  /** Tokens that its summary deserves, before the limits that hold for every call. */
  readonly deserves: number
  messages(maxTokens: number): readonly SummaryMessage[]
}

/** A call that could be made, and its tokens. */
interface Written {
  readonly messages: readonly SummaryMessage[]
  readonly prompt: number
  /** Of the answer, with its thoughts. */
  readonly maxTokens: number
  /** There is room for thoughts. */
  readonly thinks: boolean
}

/** The calls of one summary: how many, how large, how many at a time, and what they took. */
export class SummaryCalls {
  readonly #io: SummaryIo
  readonly #begunAt: number
  readonly #waiting: (() => void)[] = []
  /** Tokens of a call, prompt and answer together, by our own sizes. */
  #room: number
  #running = 0
  #begun = 0
  #inputTokens = 0
  #outputTokens = 0
  /** The room is a guess: it was halved, and no call has succeeded since. */
  #guessed = false
  #failure: SummaryFailed | undefined

  constructor(io: SummaryIo) {
    this.#io = io
    this.#begunAt = io.now()
    const share = io.sizer.exact ? usedShare.exact : usedShare.estimated
    this.#room = io.window === undefined ? Infinity : Math.floor(io.window * share)
  }

  get room(): number {
    return this.#room
  }

  /** Calls that are neither begun nor spoken for. */
  get left(): number {
    return mostCalls - this.#begun - this.#waiting.length
  }

  /** Tokens of the call, with its answer. */
  size(material: Material): number {
    const { prompt, maxTokens } = this.#written(material)
    return prompt + maxTokens
  }

  /**
   * Asks for a summary as soon as it is its turn. `undefined`: it does not fit, as far as is known by then, or as the model has said. Rejects
   * with `SummaryFailed` when the call fails, when another one has, and when there were too many.
   */
  async ask(material: Material): Promise<string | undefined> {
    await this.#turn()
    try {
      return await this.#ask(material)
    } finally {
      this.#running -= 1
      this.#wake()
    }
  }

  async #ask(material: Material): Promise<string | undefined> {
    if (this.#failure !== undefined) throw this.#failure
    const written = this.#written(material)
    if (written.prompt + written.maxTokens > this.#room) return undefined
    const summary = await this.#call(written)
    // It has spent everything on its thoughts.
    return summary === '' ? this.#ask(material) : summary
  }

  /** Gives up: begins no other call, and ends those that run. */
  fail(reason: SummaryFailureReason, cause?: unknown): SummaryFailed {
    if (this.#failure === undefined) {
      this.#failure = new SummaryFailed(reason, this.spent(), cause)
      this.#io.abandon()
    }
    return this.#failure
  }

  spent(): SummarySpent {
    return {
      calls: this.#begun,
      inputTokens: this.#inputTokens,
      outputTokens: this.#outputTokens,
      durationMs: this.#io.now() - this.#begunAt,
    }
  }

  /** An empty text: the model turned out to think, and has to be asked with more room. */
  async #call({ messages, prompt, maxTokens, thinks }: Written): Promise<string | undefined> {
    if (this.#begun === mostCalls) throw this.fail('too_large')
    this.#begun += 1
    try {
      const { text, inputTokens, outputTokens, isCut } = await this.#io.ask(messages, maxTokens)
      this.#inputTokens += inputTokens ?? 0
      this.#outputTokens += outputTokens ?? 0
      this.#guessed = false
      const summary = this.#shortEnough(withoutThought(text))
      if (summary !== '') return summary
      if (thinks || isCut !== true) throw new AskFailed('failed')
      this.#io.thinks = true
      return ''
    } catch (error) {
      if (!AskOverflow.is(error)) throw this.fail(AskFailed.is(error) ? error.reason : 'failed', error)
      this.#learn(error, prompt, maxTokens)
      return undefined
    }
  }

  /**
   * What is far longer than it was allowed to be would take the place of all that stays, with every turn until it is forgotten. The most
   * important comes first.
   */
  #shortEnough(summary: string): string {
    const { settings, sizer } = this.#io
    return beginningOf(summary, settings.max_tokens_default * estimatesErr, sizer)
  }

  /** A smaller room, so that the call which was refused no longer fits. */
  #learn({ limit, requested }: AskOverflow, prompt: number, maxTokens: number): void {
    const size = prompt + maxTokens
    // What the vendor counts may be more than our sizes say; the answer is in its number or not.
    const ratio = requested === undefined ? 1 : Math.min(1, prompt / requested)
    const said = limit === undefined ? Infinity : Math.floor(limit * ratio * 0.95)
    this.#guessed = said >= size
    this.#room = Math.min(this.#room, this.#guessed ? Math.floor(size / 2) : said)
  }

  #written(material: Material): Written {
    const { sizer, thinks } = this.#io
    const spoken = this.#maxTokens(material)
    const messages = material.messages(spoken)
    const prompt = messages.reduce((sum, { content }) => sum + sizer.tokens(content) + messageOverhead, 0)
    const thought = thinks ? Math.min(roomToThink, Math.floor(this.#room / 4)) : 0
    return { messages, prompt, maxTokens: spoken + thought, thinks }
  }

  /** An answer that took most of a small window would leave no room for what it is about. */
  #maxTokens({ deserves }: Material): number {
    const most = Math.min(this.#io.settings.max_tokens_default, Math.floor(this.#room / 4))
    return Math.max(1, Math.min(Math.ceil(deserves), most))
  }

  /** Resolves when a call may begin, or must not any more. */
  async #turn(): Promise<void> {
    if (this.#running < this.#places()) this.#running += 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  #wake(): void {
    while (this.#waiting.length > 0 && this.#running < this.#places()) {
      this.#running += 1
      this.#waiting.shift()!()
    }
  }

  /** A guess is tried by one call: if it is wrong, all would have been in vain. */
  #places(): number {
    return this.#guessed ? 1 : mostAtOnce
  }
}

/** Some models write what they think in front of what they say. Nothing else said is no answer. */
function withoutThought(text: string): string {
  const said = text.trim()
  if (!said.startsWith('<think>')) return said
  const end = said.indexOf('</think>')
  return end === -1 ? '' : said.slice(end + '</think>'.length).trim()
}

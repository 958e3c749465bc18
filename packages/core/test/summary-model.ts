import { charSizer, type Sizer } from '../src/condensation/sizer.ts'
import {
  AskOverflow,
  type SummaryAnswer,
  type SummaryIo,
  type SummaryMessage,
} from '../src/condensation/summary-io.ts'

export interface SummaryModelOptions {
  /** Tokens that it takes, answer included, by its own `count`; more is refused. Default: any number. */
  readonly limit?: number
  /** Its own tokens. Default: the sizer's. */
  readonly count?: (text: string) => number
  /** What its refusals say. Default: both numbers. */
  readonly tells?: 'both' | 'limit' | 'nothing'
  /** What is known of its window. Default: nothing. */
  readonly window?: number
  readonly sizer?: Sizer
  readonly settings?: Partial<SummaryIo['settings']>
  /** The answer to a call, the first of which is 1. Default: `summary 1.`, `summary 2.`, … */
  readonly answer?: (call: number, maxTokens: number) => string | Promise<string>
}

export interface AskedCall {
  readonly content: string
  readonly maxTokens: number
  /** By the sizer, answer included. */
  readonly size: number
  answer?: string
}

/** Makes summaries as it is told, and remembers what it was asked. */
export class SummaryModel implements SummaryIo {
  readonly window: number | undefined
  readonly sizer: Sizer
  readonly settings: SummaryIo['settings']
  readonly asked: AskedCall[] = []
  abandoned = 0
  running = 0
  mostRunning = 0
  thinks = false
  readonly #options: SummaryModelOptions
  #time = 0

  constructor(options: SummaryModelOptions = {}) {
    this.window = options.window
    this.sizer = options.sizer ?? charSizer
    this.settings = { max_tokens_default: 512, adaptive_factor: 0.5, ...options.settings }
    this.#options = options
  }

  /** Calls that were answered. */
  get answered(): readonly (AskedCall & { readonly answer: string })[] {
    return this.asked.filter((call): call is AskedCall & { answer: string } => call.answer !== undefined)
  }

  /** The transcripts of calls that were answered. */
  get transcripts(): readonly string[] {
    return this.answered.flatMap(({ content }) => {
      const found = /<transcript-(\w+)>\n([^]*)\n<\/transcript-\1>$/.exec(content)
      return found === null ? [] : [found[2]!]
    })
  }

  async ask(messages: readonly SummaryMessage[], maxTokens: number): Promise<SummaryAnswer> {
    this.running += 1
    this.mostRunning = Math.max(this.mostRunning, this.running)
    this.#time += 5
    const sum = (count: (text: string) => number) =>
      messages.reduce((total, { content }) => total + count(content), maxTokens)
    const size = sum((text) => this.sizer.tokens(text))
    const call: AskedCall = { content: messages.at(-1)!.content, maxTokens, size }
    const number = this.asked.push(call)
    try {
      await Promise.resolve()
      const requested = sum(this.#options.count ?? ((text) => this.sizer.tokens(text)))
      if (requested > (this.#options.limit ?? Infinity)) throw this.#refusal(requested)
      const text = await (this.#options.answer ?? ((at) => `summary ${at}.`))(number, maxTokens)
      call.answer = text
      return { text, inputTokens: 100, outputTokens: 10 }
    } finally {
      this.running -= 1
    }
  }

  abandon(): void {
    this.abandoned += 1
  }

  now(): number {
    return this.#time
  }

  #refusal(requested: number): AskOverflow {
    const { tells = 'both', limit } = this.#options
    if (tells === 'nothing') return new AskOverflow()
    return new AskOverflow(tells === 'limit' ? { limit: limit! } : { limit: limit!, requested })
  }
}

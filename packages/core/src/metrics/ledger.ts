import type { FaultKind, OperationName } from '@llmproxy/provider-kit'
import { faultKinds, operationNames } from '@llmproxy/provider-kit'
import type { Clock } from '../clock.ts'
import type { BreakerState } from '../resilience/breaker.ts'
import type { SummaryReport } from './condensation.ts'
import { type CondensationCounts, CondensationCounters } from './condensation-counters.ts'
import { durationBounds, firstChunkBounds, Histogram, tokenBounds } from './histogram.ts'
import {
  type AttemptRecord,
  type ContinuationResult,
  continuationResults,
  type Ending,
  endings,
  type Outcome,
  type TimeoutPhase,
  timeoutPhases,
  type TokenUsage,
} from './outcome.ts'
import { zeros } from './zeros.ts'

/** Labels come from the configuration, so this is only a guard against a mistake in that rule. */
const maxSeries = 5_000

/** Faults that are the client's doing: they say nothing about how well a provider works. */
const clientFaults: ReadonlySet<FaultKind> = new Set([
  'invalid_request',
  'context_length',
  'content_filter',
  'cancelled',
])

/** Counters of one provider, over attempts. */
export interface ProviderCounters {
  readonly provider: string
  attempts: number
  /** Attempts that failed through no fault of the client. */
  errors: number
  durationMs: number
  tokens: number
  readonly faults: Record<FaultKind | 'none', number>
  /** Attempts that a time limit of the gateway ended. */
  readonly timeouts: Record<TimeoutPhase, number>
}

/** Distributions of one operation of one model at the provider that answered. */
export interface Series {
  readonly provider: string
  readonly model: string
  readonly operation: OperationName
  readonly duration: Histogram
  readonly firstChunk: Histogram
  readonly inputTokens: Histogram
  readonly outputTokens: Histogram
  readonly tokens: Record<TokenType, number>
}

export type TokenType = 'input' | 'output' | 'cache_read' | 'cache_write' | 'reasoning'

export interface BreakerLine {
  readonly provider: string
  readonly model: string
  readonly state: BreakerState
}

/** How often breakers of a configured model have opened by what was seen here. */
export interface OpeningLine {
  readonly provider: string
  readonly model: string
  count: number
}

/** How often a background health check of a provider had one result: `healthy`, or the reason why not. */
export interface CheckLine {
  readonly provider: string
  readonly result: string
  count: number
}

/** How often a provider was passed over for one reason, such as `queue_timeout` or `breaker_open`. */
export interface SkipLine {
  readonly provider: string
  readonly reason: string
  count: number
}

/** How a call of the shared store can fail: by taking too long, or otherwise. */
export type StoreFailure = 'timeout' | 'error'

/** A value that is read when somebody asks. */
export interface Gauge {
  readonly name: string
  readonly help: string
  readonly read: () => number | readonly GaugeSample[]
}

export interface GaugeSample {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** The counters as they are now. A live view: read it at once. */
export interface LedgerSnapshot {
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly started: Readonly<Record<OperationName, number>>
  readonly settled: Readonly<Record<OperationName, Readonly<Record<Ending, number>>>>
  readonly rateLimited: Readonly<Record<OperationName, number>>
  readonly repairedFrames: number
  /** Streams that broke off and might have been continued. */
  readonly continuations: Readonly<Record<ContinuationResult, number>>
  readonly reloads: number
  readonly reloadFailures: number
  /** The last reload was refused: what serves is older than the file. */
  readonly reloadFailed: boolean
  readonly storeFailures: Readonly<Record<StoreFailure, number>>
  readonly condensation: CondensationCounts
  readonly providers: readonly Readonly<ProviderCounters>[]
  readonly series: readonly Series[]
  readonly skips: readonly Readonly<SkipLine>[]
  readonly breakers: readonly BreakerLine[]
  readonly openings: readonly Readonly<OpeningLine>[]
  readonly checks: readonly Readonly<CheckLine>[]
  readonly gauges: readonly Gauge[]
}

/**
 * All counters of the gateway. Every label is a configured provider, a configured model (by `label`), an operation, an ending,
 * a fault kind or a token type; names that clients invent never become one. `settled()` runs once per request and only
 * counts. Over all operations, the sum of the endings and the requests in flight is the number started.
 */
export class Ledger {
  readonly #clock: Clock
  readonly #started = zeros(operationNames)
  readonly #settled = Object.fromEntries(operationNames.map((name) => [name, zeros(endings)])) as Record<
    OperationName,
    Record<Ending, number>
  >
  readonly #rateLimited = zeros(operationNames)
  readonly #providers = new Map<string, ProviderCounters>()
  readonly #series = new Map<string, Map<string, Record<OperationName, Series | undefined>>>()
  readonly #seriesList: Series[] = []
  readonly #breakers = new Map<string, BreakerLine>()
  readonly #openings = new Map<string, OpeningLine>()
  readonly #checks = new Map<string, CheckLine>()
  readonly #skips = new Map<string, SkipLine>()
  readonly #gauges = new Map<string, Gauge>()
  readonly #continuations = zeros(continuationResults)
  readonly #condensation = new CondensationCounters()
  #label: (model: string) => string = () => 'other'
  #repairedFrames = 0
  readonly #storeFailures: Record<StoreFailure, number> = { timeout: 0, error: 0 }
  #reloads = 0
  #reloadFailures = 0
  #reloadFailed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * After each (re)load: the configured providers, which are listed even before their first request, and how a client's model
   * name becomes a label (`ModelTable.label`). Counters of providers that are gone stay, as counters must; the states of breakers
   * that are gone (`hasBreaker`, by provider and configured model) go.
   */
  configure(
    providers: Iterable<string>,
    label: (model: string) => string,
    hasBreaker: (provider: string, model: string) => boolean = () => true,
  ): void {
    const configured = new Set(providers)
    for (const provider of configured) this.#counters(provider)
    for (const [key, { provider, model }] of this.#breakers)
      if (!configured.has(provider) || !hasBreaker(provider, model)) this.#breakers.delete(key)
    this.#label = label
  }

  started(operation: OperationName): void {
    this.#started[operation] += 1
  }

  /** Once for each `started()`. */
  settled(outcome: Outcome): void {
    this.#settled[outcome.operation][outcome.ending] += 1
    this.#repairedFrames += outcome.repairedFrames
    if (outcome.continuation !== undefined) this.#continuations[outcome.continuation] += 1
    if (outcome.condensed !== undefined) this.#condensation.condensed(outcome.condensed)
    const series = this.#asked(outcome)
    if (series === undefined) return
    series.duration.record(outcome.durationMs / 1000)
    if (outcome.firstChunkMs !== null) series.firstChunk.record(outcome.firstChunkMs / 1000)
    if (outcome.usage === null) return
    series.inputTokens.record(outcome.usage.input)
    series.outputTokens.record(outcome.usage.output)
  }

  /**
   * A request of the gateway's own, for a summary: what providers were asked, and what it cost. No client sent it, so it was never
   * `started()`, and it is in no distribution of clients' requests.
   */
  innerOutcome(outcome: Outcome): void {
    this.#asked(outcome)
  }

  /** Once for each summary that was made, or failed; its requests are `innerOutcome()`s. */
  summary(report: SummaryReport): void {
    this.#condensation.summary(report)
  }

  /** A request that our own limit refused. */
  rateLimited(operation: OperationName): void {
    this.#rateLimited[operation] += 1
  }

  /** `model` must be the id of a configured entry, not a name that a client chose. */
  breakerChanged(provider: string, model: string, state: BreakerState): void {
    this.#breakers.set(`${provider}/${model}`, { provider, model, state })
  }

  /** `model` as for `breakerChanged()`. Not for openings that another gateway told of, which counts them itself. */
  breakerOpened(provider: string, model: string): void {
    const key = `${provider}/${model}`
    const line = this.#openings.get(key) ?? { provider, model, count: 0 }
    line.count += 1
    this.#openings.set(key, line)
  }

  /** `result` is one of a fixed set: a word of the gateway's own or a kind of fault. */
  healthChecked(provider: string, result: string): void {
    const key = `${provider}/${result}`
    const line = this.#checks.get(key) ?? { provider, result, count: 0 }
    line.count += 1
    this.#checks.set(key, line)
  }

  reloaded(): void {
    this.#reloads += 1
    this.#reloadFailed = false
  }

  reloadFailed(): void {
    this.#reloadFailures += 1
    this.#reloadFailed = true
  }

  /** A call of the store that instances share. */
  storeFailed(how: StoreFailure): void {
    this.#storeFailures[how] += 1
  }

  /** Adds or replaces a gauge. `name` carries its unit and no prefix is added. */
  gauge(gauge: Gauge): void {
    this.#gauges.set(gauge.name, gauge)
  }

  snapshot(): LedgerSnapshot {
    return {
      at: this.#clock.epoch(),
      started: this.#started,
      settled: this.#settled,
      rateLimited: this.#rateLimited,
      repairedFrames: this.#repairedFrames,
      continuations: this.#continuations,
      reloads: this.#reloads,
      reloadFailures: this.#reloadFailures,
      reloadFailed: this.#reloadFailed,
      storeFailures: this.#storeFailures,
      condensation: this.#condensation.counts,
      providers: [...this.#providers.values()],
      series: this.#seriesList,
      skips: [...this.#skips.values()],
      breakers: [...this.#breakers.values()],
      openings: [...this.#openings.values()],
      checks: [...this.#checks.values()],
      gauges: [...this.#gauges.values()],
    }
  }

  /** Counts what providers were asked, and the tokens. The series of the one that answered; `undefined`: nobody was asked. */
  #asked(outcome: Outcome): Series | undefined {
    for (const attempt of outcome.attempts) this.#attempt(attempt)
    for (const skip of outcome.skipped ?? []) this.#skip(skip)
    if (outcome.provider === null || outcome.attempts.length === 0) return undefined
    const series = this.#seriesOf(outcome.provider, this.#label(outcome.model), outcome.operation)
    if (outcome.usage !== null) this.#tokens(outcome.provider, series, outcome.usage)
    return series
  }

  #attempt({ provider, durationMs, fault }: AttemptRecord): void {
    const counters = this.#counters(provider)
    counters.attempts += 1
    counters.durationMs += durationMs
    counters.faults[fault?.kind ?? 'none'] += 1
    if (fault?.phase !== undefined) counters.timeouts[fault.phase] += 1
    if (fault !== undefined && !clientFaults.has(fault.kind)) counters.errors += 1
  }

  // The reasons are codes of the gateway's own, so there are only so many.
  #skip({ provider, fault }: AttemptRecord): void {
    const reason = fault?.code ?? 'unknown'
    const key = `${provider}/${reason}`
    const line = this.#skips.get(key) ?? { provider, reason, count: 0 }
    line.count += 1
    this.#skips.set(key, line)
  }

  #tokens(provider: string, series: Series, usage: TokenUsage): void {
    this.#counters(provider).tokens += usage.total
    series.tokens.input += usage.input
    series.tokens.output += usage.output
    series.tokens.cache_read += usage.cacheRead
    series.tokens.cache_write += usage.cacheWrite
    series.tokens.reasoning += usage.reasoning
  }

  #counters(provider: string): ProviderCounters {
    const known = this.#providers.get(provider)
    if (known !== undefined) return known
    const faults = zeros(['none', ...faultKinds] as const)
    const timeouts = zeros(timeoutPhases)
    const made: ProviderCounters = {
      provider,
      attempts: 0,
      errors: 0,
      durationMs: 0,
      tokens: 0,
      faults,
      timeouts,
    }
    this.#providers.set(provider, made)
    return made
  }

  #seriesOf(provider: string, model: string, operation: OperationName): Series {
    const known = this.#series.get(provider)?.get(model)?.[operation]
    if (known !== undefined) return known
    if (this.#seriesList.length >= maxSeries && model !== 'other')
      return this.#seriesOf(provider, 'other', operation)
    const models = this.#series.get(provider) ?? new Map<string, Record<OperationName, Series | undefined>>()
    const operations = models.get(model) ?? noSeries()
    const made = newSeries(provider, model, operation)
    operations[operation] = made
    models.set(model, operations)
    this.#series.set(provider, models)
    this.#seriesList.push(made)
    return made
  }
}

function noSeries(): Record<OperationName, Series | undefined> {
  return {
    chat: undefined,
    completions: undefined,
    embeddings: undefined,
    images: undefined,
    videos: undefined,
    messages: undefined,
  }
}

function newSeries(provider: string, model: string, operation: OperationName): Series {
  return {
    provider,
    model,
    operation,
    duration: new Histogram(durationBounds),
    firstChunk: new Histogram(firstChunkBounds),
    inputTokens: new Histogram(tokenBounds),
    outputTokens: new Histogram(tokenBounds),
    tokens: { input: 0, output: 0, cache_read: 0, cache_write: 0, reasoning: 0 },
  }
}

import type { Clock } from '../clock.ts'
import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { GatewayLog } from '../gateway.ts'
import type { SummaryReport, SummarySpent } from '../metrics/condensation.ts'
import type { Outcome } from '../metrics/outcome.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import type { Serving } from '../serve.ts'
import type { Snapshot } from '../snapshot.ts'
import { askSummary } from './ask-summary.ts'
import { CallBudget } from './budget.ts'
import { type Flight, Flights } from './flights.ts'
import { HeldTexts, longestText } from './held-texts.ts'
import { readSummary, type SharedSummaries, writeSummary } from './shared-summaries.ts'
import { charSizer, type Sizer } from './sizer.ts'
import { summarise } from './summariser.ts'
import { type KnownSummary, SummaryCache } from './summary-cache.ts'
import { AskFailed, SummaryFailed, type SummaryIo } from './summary-io.ts'

/** What a summary is to be made of, and for whom. */
export interface SummaryOrder {
  /** By `prefixDigests()` or `promptDigest()`. */
  readonly key: string
  readonly requestId: string
  readonly caller: string
  /** The model that the client asked for. */
  readonly model: string
  readonly snapshot: Snapshot
  /** Who may be asked, best first. */
  readonly targets: readonly RouteTarget[]
  /** Nobody waits for it. */
  readonly background: boolean
  /** The summary of what comes before, and the text that is new. Called when it is needed. */
  write(): Written
}

export interface Written {
  readonly before: string | undefined
  readonly transcript: string
  /** What neither tells of, each with its number. */
  readonly leftOut: Readonly<Record<string, number>>
}

/** Of several beginnings the one of which there is a summary. */
export interface FoundSummary {
  readonly key: string
  readonly summary: KnownSummary
}

export interface MadeSummary extends KnownSummary {
  readonly spent: SummarySpent
}

export interface SummariesParts {
  readonly clock: Clock
  readonly random: () => number
  readonly deployment: Serving['deployment']
  readonly scrub: (text: string) => string
  readonly log: GatewayLog
  readonly shared: SharedSummaries | undefined
  /** Keeps the connections of a configuration; the result lets go of them. */
  readonly hold: (snapshot: Snapshot) => () => void
  /** Each request of ours, and each summary. */
  readonly asked: (outcome: Outcome, snapshot: Snapshot) => void
  readonly reported: (report: SummaryReport) => void
  /** Of the model that makes summaries. */
  readonly windowOf: (snapshot: Snapshot, target: RouteTarget, caller: string) => number | undefined
  readonly sizerOf: (snapshot: Snapshot, target: RouteTarget) => Sizer
}

const nothingSpent: SummarySpent = { calls: 0, inputTokens: 0, outputTokens: 0, durationMs: 0 }

/** Models that are remembered; their names may come from clients. */
const mostThinking = 1_000

/** Summaries: those that are known, and the making of new ones. */
export class Summaries {
  readonly #parts: SummariesParts
  readonly #cache: SummaryCache
  readonly #flights = new Flights<MadeSummary>()
  readonly #budget: CallBudget
  readonly #texts = new HeldTexts()
  readonly #running = new Set<AbortController>()
  /** Models that think before they say anything. */
  readonly #thinking = new Set<string>()
  #closed = false

  constructor(parts: SummariesParts) {
    this.#parts = parts
    this.#cache = new SummaryCache(parts.clock, { ttlMs: 0, maxBytes: 0 })
    this.#budget = new CallBudget(parts.clock)
  }

  configure(settings: CondensationConfig | undefined): void {
    const [ttl, maxBytes] =
      settings?.enabled === true ? [settings.cache_ttl, settings.cache_max_bytes] : [0, 0]
    this.#cache.configure({ ttlMs: ttl * 1000, maxBytes })
  }

  /** The first of `keys` of which the summary is known, here or elsewhere. */
  async find(
    caller: string,
    keys: readonly string[],
    settings: CondensationConfig,
  ): Promise<FoundSummary | undefined> {
    const here = this.#here(caller, keys)
    const { shared } = this.#parts
    const better = here === undefined ? keys : keys.slice(0, keys.indexOf(here.key))
    if (shared === undefined || !settings.cache_shared || better.length === 0) return here
    const found = await shared.find(caller, better)
    const summary = found && readSummary(found.value)
    // It is not kept here as well: its time began when it was made.
    return found === undefined || summary === undefined ? here : { key: found.key, summary }
  }

  #here(caller: string, keys: readonly string[]): FoundSummary | undefined {
    for (const key of keys) {
      const summary = this.#cache.get(caller, key)
      if (summary !== undefined) return { key, summary }
    }
    return undefined
  }

  /** Makes a summary, or waits for the same one that is being made. Rejects with `SummaryFailed`. */
  join(order: SummaryOrder): Flight<MadeSummary> {
    return this.#flights.join(order.key, (signal) => this.#make(order, signal))
  }

  isMaking(keys: readonly string[]): boolean {
    return keys.some((key) => this.#flights.has(key))
  }

  /** Waits for the first of `keys` of which a summary is being made; `undefined`: none is, or that of `key` is, which tells of all. */
  joinOther(key: string, keys: readonly string[]): Flight<MadeSummary> | undefined {
    if (this.#flights.has(key)) return undefined
    const other = keys.find((each) => this.#flights.has(each))
    return other === undefined ? undefined : this.#flights.joinKnown(other)
  }

  close(): void {
    this.#closed = true
    for (const running of this.#running) running.abort()
    this.configure(undefined)
  }

  async #make(order: SummaryOrder, signal: AbortSignal): Promise<MadeSummary> {
    const { clock, hold } = this.#parts
    const startedAt = clock.now()
    const controller = new AbortController()
    const abort = () => controller.abort()
    signal.addEventListener('abort', abort, { once: true })
    this.#running.add(controller)
    if (this.#closed) abort()
    const release = hold(order.snapshot)
    const seen: { provider: string | null } = { provider: null }
    let letGo: (() => void) | undefined
    try {
      const { before, transcript, leftOut } = order.write()
      const length = transcript.length + (before?.length ?? 0)
      if (length > longestText) throw new SummaryFailed('too_large', nothingSpent)
      letGo = this.#texts.hold(order.caller, length)
      if (letGo === undefined) throw new SummaryFailed('budget', nothingSpent)
      const io = this.#io(order, controller, seen)
      const { text, spent } = await summarise({ before, transcript }, io).finally(() => this.#note(order, io))
      this.#keep(order, { text, leftOut })
      this.#report(order, spent, seen.provider)
      return { text, leftOut, spent }
    } catch (error) {
      const failure = this.#failure(error, clock.now() - startedAt)
      this.#report(order, failure.spent, seen.provider, failure)
      throw failure
    } finally {
      letGo?.()
      release()
      this.#running.delete(controller)
      signal.removeEventListener('abort', abort)
    }
  }

  #note({ targets: [first] }: SummaryOrder, { thinks }: SummaryIo): void {
    if (!thinks || first === undefined) return
    if (this.#thinking.size >= mostThinking) this.#thinking.clear()
    this.#thinking.add(nameOf(first))
  }

  #io(order: SummaryOrder, controller: AbortController, seen: { provider: string | null }): SummaryIo {
    const { clock, random, deployment, scrub, asked, windowOf, sizerOf } = this.#parts
    const { snapshot, targets, caller, requestId } = order
    const settings = snapshot.config.condensation!
    const deadlineAt = clock.now() + settings.timeout * 1000
    const serving = { snapshot, clock, random, deployment }
    const [first] = targets
    let calls = 0
    return {
      ask: async (messages, maxTokens) => {
        if (!this.#budget.take(caller, settings.calls_per_minute)) throw new AskFailed('budget')
        calls += 1
        const id = `${requestId.slice(0, 110)}.summary-${calls}`
        const call = { messages, maxTokens, id, caller, deadlineAt, signal: controller.signal }
        const told = (outcome: Outcome) => {
          seen.provider = outcome.provider
          asked(outcome, snapshot)
        }
        return askSummary(call, { serving, targets, scrub, asked: told })
      },
      abandon: () => controller.abort(),
      window: first && windowOf(snapshot, first, caller),
      sizer: first === undefined ? charSizer : sizerOf(snapshot, first),
      thinks: first !== undefined && this.#thinking.has(nameOf(first)),
      settings,
      now: () => clock.now(),
    }
  }

  #keep({ caller, key, snapshot }: SummaryOrder, summary: KnownSummary): void {
    const { cache_ttl: ttl, cache_shared: isShared } = snapshot.config.condensation!
    this.#cache.set(caller, key, summary)
    if (isShared && ttl > 0) this.#parts.shared?.set(caller, key, writeSummary(summary), ttl * 1000)
  }

  #failure(error: unknown, durationMs: number): SummaryFailed {
    if (SummaryFailed.is(error)) return error
    const { log, scrub } = this.#parts
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error({ error: scrub(text) }, 'unexpected error')
    return new SummaryFailed('failed', { ...nothingSpent, durationMs })
  }

  #report(order: SummaryOrder, spent: SummarySpent, provider: string | null, failure?: SummaryFailed): void {
    const { requestId, caller, model, background } = order
    const failed = failure === undefined ? {} : { failure: failure.reason }
    this.#parts.reported({ ...spent, requestId, caller, model, provider, background, ...failed })
  }
}

function nameOf({ provider, upstreamModel }: RouteTarget): string {
  return JSON.stringify([provider, upstreamModel])
}

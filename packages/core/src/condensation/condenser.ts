import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { Condensed, SummaryFailureReason } from '../metrics/condensation.ts'
import type { RequestRun } from '../request-run.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import type { Snapshot } from '../snapshot.ts'
import { chatDraft } from './chat-draft.ts'
import type { Applied, Draft, FindSummary } from './draft.ts'
import { JoinedSummaries } from './joined-summary.ts'
import { type Measurable, Measures, type MeasuresParts, sizeOf } from './measures.ts'
import type { Flight } from './flights.ts'
import { promptDraft } from './prompt-draft.ts'
import { repeat } from './repeat.ts'
import { type MadeSummary, Summaries, type SummariesParts } from './summaries.ts'
import type { KnownSummary } from './summary-cache.ts'
import { SummaryFailed } from './summary-io.ts'
import { summaryTargets } from './summary-targets.ts'
import { truncatedPrompt } from './truncated-prompt.ts'
import { spokenTokens, truncatedChat } from './truncated-chat.ts'

export interface CondenserParts extends Omit<SummariesParts, 'windowOf' | 'sizerOf'>, MeasuresParts {
  readonly isWell: (snapshot: Snapshot, target: RouteTarget) => boolean
}

/** A request that is too long, or soon will be, while its client waits. */
export interface Subject extends Measurable {
  readonly run: Pick<RequestRun, 'waiting' | 'stream' | 'keepalive' | 'cancelled'>
}

/** `impossible`: there is nothing to make a summary of. */
export type Condensation =
  | ({ readonly kind: 'condensed'; readonly condensed: Condensed } & Pick<Applied, 'ingress' | 'joined'>)
  | { readonly kind: 'failed'; readonly reason: SummaryFailureReason }
  | { readonly kind: 'impossible' }

/** Makes requests fit their models. What it learns outlives a configuration. */
export class Condenser {
  readonly #parts: CondenserParts
  readonly measures: Measures
  readonly #joined = new JoinedSummaries()
  readonly #summaries: Summaries

  constructor(parts: CondenserParts) {
    this.#parts = parts
    const measures = new Measures(parts)
    this.measures = measures
    this.#summaries = new Summaries({
      ...parts,
      windowOf: (snapshot, target, caller) => measures.windowOf(snapshot, target, caller),
      sizerOf: (snapshot, target) => measures.sizerOf(snapshot, target),
    })
  }

  configure(snapshot: Snapshot): void {
    this.#summaries.configure(snapshot.config.condensation)
    this.measures.configure(snapshot)
  }

  close(): void {
    this.#summaries.close()
  }

  /** A deployment has taken a summary that was joined with another message, after it had refused it in one of its own. */
  takesJoined({ target, serving }: Pick<Subject, 'target' | 'serving'>): void {
    this.#joined.note(serving.snapshot.live.get(target.provider)!, target)
  }

  /** The request with a summary in place of its history. Waits for it as long as the request may. */
  async condense(subject: Subject): Promise<Condensation> {
    const { target, serving } = subject
    const made = await this.#condense(subject)
    if (made.kind !== 'condensed' || made.joined === undefined) return made
    const isJoined = this.#joined.has(serving.snapshot.live.get(target.provider)!, target)
    return isJoined ? { ...made, ingress: made.joined(), joined: undefined } : made
  }

  async #condense(subject: Subject): Promise<Condensation> {
    let draft = await this.#draft(subject)
    const other = draft && this.#summaries.joinOther(draft.key, draft.better)
    if (other !== undefined) {
      // What is told by a summary that is being prepared need not be told by another one.
      const made = await this.#wait(subject, other)
      if (typeof made === 'string') return { kind: 'failed', reason: made }
      draft = await this.#draft(subject)
    }
    if (draft === undefined) return { kind: 'impossible' }
    if (draft.known !== undefined) {
      const { leftOut } = draft.known
      return condensed(draft, draft.known, { source: 'cache', leftOut })
    }
    if (subject.run.cancelled !== undefined) return { kind: 'failed', reason: 'cancelled' }
    const flight = this.#join(subject, draft, false)
    const made = await this.#wait(subject, flight)
    if (typeof made === 'string') return { kind: 'failed', reason: made }
    const { leftOut, spent } = made
    return condensed(
      draft,
      made,
      flight.shared ? { source: 'shared', leftOut } : { source: 'made', leftOut, spent },
    )
  }

  /** Until there is the summary, there will be none, or the request is over. A stream is kept open meanwhile. */
  async #wait(
    { run, ingress, serving }: Subject,
    flight: Flight<MadeSummary>,
  ): Promise<MadeSummary | SummaryFailureReason> {
    const everyMs = run.stream ? serving.snapshot.config.keepalive_interval * 1000 : 0
    const stop = repeat(this.#parts.clock, { since: ingress.startedAt, everyMs }, () => run.keepalive())
    const made = await run.waiting(
      (onCancel) =>
        new Promise<MadeSummary | SummaryFailureReason>((resolve) => {
          flight.result.then(resolve, (error: unknown) =>
            resolve(SummaryFailed.is(error) ? error.reason : 'failed'),
          )
          onCancel(() => resolve('cancelled'))
        }),
    )
    stop()
    flight.leave()
    return made
  }

  /**
   * Begins to make the summary that the next request of a conversation will need, unless one is known with which it has less than `limit`
   * tokens, or one is being made. Nobody waits for it.
   */
  prepare(subject: Measurable, limit: number): void {
    const { log, scrub, hold } = this.#parts
    // The request that it follows is about to let go of them.
    const release = hold(subject.serving.snapshot)
    this.#prepare(subject, limit)
      .catch((error: unknown) => {
        const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
        log.error({ error: scrub(text) }, 'unexpected error')
      })
      .finally(release)
  }

  async #prepare(subject: Measurable, limit: number): Promise<void> {
    const draft = await this.#draft(subject, limit)
    if (draft === undefined || draft.known !== undefined) return
    // It will be known when the next answer shows whether another one is needed.
    if (this.#summaries.isMaking(draft.better)) return
    const flight = this.#join(subject, draft, true)
    await flight.result.catch(() => undefined)
    flight.leave()
  }

  /**
   * The request with half of its context, rules and tools aside, or with what fits if that is less. `undefined`: nothing can be left out.
   */
  truncate(
    subject: Measurable,
    before: Exclude<Condensation, { kind: 'impossible' }>,
  ): { readonly ingress: Ingress; readonly condensed: Condensed } | undefined {
    const measured = this.measures.of(subject)
    const { total, room = Infinity, sizer } = measured
    const { ingress } = subject
    const spoken = ingress.operation === 'chat' ? spokenTokens(ingress.body, sizer) : total
    const target = Math.floor(Math.min(total - spoken / 2, room))
    const truncated =
      ingress.operation === 'chat'
        ? truncatedChat(ingress, { target, fixed: measured.fixed, sizer })
        : truncatedPrompt(ingress, { target, sizer })
    if (truncated === undefined) return undefined
    const to = sizeOf(truncated, sizer) + measured.fixed
    const condensed: Condensed =
      before.kind === 'failed'
        ? { kind: 'truncated', from: total, to, reason: before.reason }
        : { ...before.condensed, kind: 'truncated', to, reason: 'too_large' }
    return { ingress: truncated, condensed }
  }

  #join({ ingress, serving }: Measurable, { key, write }: Draft, background: boolean) {
    const { snapshot, targets } = serving
    const { caller, body } = ingress
    const asked = summaryTargets({
      snapshot,
      settings: settingsOf(snapshot),
      model: body.model,
      targets,
      isWell: (target) => this.#parts.isWell(snapshot, target),
    })
    const order = { key, write, caller, requestId: ingress.id, model: body.model, snapshot, background }
    return this.#summaries.join({ ...order, targets: asked })
  }

  /** `ahead`: for the next request, unless there is a known summary with which this one has less tokens than that. */
  #draft(subject: Measurable, ahead?: number): Promise<Draft | undefined> {
    const { ingress, serving } = subject
    const settings = settingsOf(serving.snapshot)
    const measured = this.measures.foreseen(subject)
    const find: FindSummary = (keys) => this.#summaries.find(ingress.caller, keys, settings)
    return ingress.operation === 'chat'
      ? chatDraft(ingress, { measured, settings, find, ahead })
      : promptDraft(ingress, measured, find)
  }
}

function condensed(
  { apply, from }: Draft,
  summary: KnownSummary,
  facts: Pick<Condensed, 'source' | 'leftOut' | 'spent'>,
): Condensation {
  const { ingress, joined, to } = apply(summary)
  return { kind: 'condensed', ingress, joined, condensed: { kind: 'summary', from, to, ...facts } }
}

function settingsOf({ config }: Snapshot): CondensationConfig {
  return config.condensation!
}

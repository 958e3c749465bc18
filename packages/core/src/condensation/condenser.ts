import { type TokenNumbers, tokenNumbers } from '@llmproxy/provider-kit'
import type { CondensationConfig } from '../config/condensation-schema.ts'
import type { AttemptFault } from '../exchange/transfer.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { Condensed, SummaryFailureReason } from '../metrics/condensation.ts'
import type { ModelCatalogue } from '../model-catalogue.ts'
import type { RequestRun } from '../request-run.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import type { Serving } from '../serve.ts'
import type { Snapshot } from '../snapshot.ts'
import { chatDraft, chatTokens } from './chat-draft.ts'
import type { Applied, Draft, FindSummary } from './draft.ts'
import { JoinedSummaries } from './joined-summary.ts'
import { askedAnswer, type Measured, measure } from './measure.ts'
import type { Flight } from './flights.ts'
import { promptDraft } from './prompt-draft.ts'
import { promptOf } from './prompt-text.ts'
import { repeat } from './repeat.ts'
import { charSizer, type Sizer } from './sizer.ts'
import { Sizers } from './sizers.ts'
import { haveAttachments } from './sizes-of.ts'
import { Densities } from './densities.ts'
import { Refusals } from './refusals.ts'
import { type MadeSummary, Summaries, type SummariesParts } from './summaries.ts'
import type { KnownSummary } from './summary-cache.ts'
import { SummaryFailed } from './summary-io.ts'
import { summaryTargets } from './summary-targets.ts'
import { truncatedPrompt } from './truncated-prompt.ts'
import { spokenTokens, truncatedChat } from './truncated-chat.ts'
import { Windows } from './windows.ts'

export interface CondenserParts extends Omit<SummariesParts, 'windowOf' | 'sizerOf'> {
  readonly catalogue: () => ModelCatalogue
  readonly isWell: (snapshot: Snapshot, target: RouteTarget) => boolean
}

/** A request that is too long, or soon will be. */
export interface Subject {
  readonly ingress: Ingress
  /** The deployment that it is too long for. */
  readonly target: RouteTarget
  /** With which it was refused; `undefined`: it was not asked. */
  readonly fault: AttemptFault | undefined
  /** The form in which it was refused, where that is not `ingress`. */
  readonly refused?: Ingress
  readonly run: Pick<RequestRun, 'waiting' | 'stream' | 'keepalive' | 'cancelled'>
  readonly serving: Serving
}

/** `impossible`: there is nothing to make a summary of. */
export type Condensation =
  | ({ readonly kind: 'condensed'; readonly condensed: Condensed } & Pick<Applied, 'ingress' | 'joined'>)
  | { readonly kind: 'failed'; readonly reason: SummaryFailureReason }
  | { readonly kind: 'impossible' }

/** Makes requests fit their models. What it learns outlives a configuration. */
export class Condenser {
  readonly #parts: CondenserParts
  readonly #windows: Windows
  readonly #refusals: Refusals
  readonly #densities: Densities
  readonly #joined = new JoinedSummaries()
  readonly #sizers: Sizers
  readonly #summaries: Summaries

  constructor(parts: CondenserParts) {
    const { clock, log } = parts
    this.#parts = parts
    this.#windows = new Windows(clock)
    this.#refusals = new Refusals(clock)
    this.#densities = new Densities(clock)
    this.#sizers = new Sizers({
      clock,
      failed: (failure) => log.warn?.({ ...failure }, 'tokenizer not used'),
    })
    this.#summaries = new Summaries({
      ...parts,
      windowOf: (snapshot, target, caller) => this.windowOf(snapshot, target, caller),
      sizerOf: (snapshot, target) => this.#sizerOf(snapshot, target),
    })
  }

  configure({ config, live }: Snapshot): void {
    this.#summaries.configure(config.condensation)
    if (config.condensation?.enabled !== true) return
    for (const each of live.values()) {
      const models = each.config.models.map((model) =>
        typeof model === 'string' ? model : (model.upstream ?? model.id),
      )
      this.#sizers.prepare(
        each,
        models.filter((model) => !model.endsWith('*')),
      )
    }
  }

  close(): void {
    this.#summaries.close()
  }

  /** Tokens; `undefined`: unknown. */
  windowOf({ live }: Snapshot, target: RouteTarget, caller: string): number | undefined {
    return this.#windows.windowOf(live.get(target.provider)!, { ...target, caller }, this.#parts.catalogue())
  }

  /** An error may name the window; else it says at least that the request, where its size can be told, is larger. `condensable`: that it can be made smaller. */
  learn({ ingress, target, fault, serving }: Omit<Subject, 'run'>, condensable: boolean): void {
    const live = serving.snapshot.live.get(target.provider)!
    const asked = { ...target, caller: ingress.caller }
    const { limit, input } = (fault && tokenNumbers(fault.message)) ?? noNumbers
    if (input !== undefined && condensable) {
      const subject = { ingress, target, serving }
      const estimate = this.measure({ ...subject, fault: undefined }).total
      this.#densities.note(live, asked, this.measure({ ...subject, fault }).total / Math.max(1, estimate))
    }
    if (limit !== undefined) this.#windows.learn(live, asked, limit)
    else if (condensable && !haveAttachments(messagesOf(ingress))) {
      const { total } = this.measure({ ingress, target, fault: undefined, serving })
      this.#refusals.note(live, asked, total + askedAnswer(ingress.body))
    }
  }

  /** What an answer tells of its deployment's window. */
  answered({ ingress, attempts, usage }: RequestRun, { live }: Snapshot): void {
    const last = attempts.at(-1)
    if (usage === null || last === undefined) return
    const target = { upstreamModel: last.model, caller: ingress.caller }
    this.#windows.answered(live.get(last.provider)!, target, usage.input)
  }

  /** How large a request is, without its model's tokenizer: cheap enough for every request. */
  roughly(ingress: Ingress): number {
    return sizeOf(ingress, charSizer)
  }

  /** `density`: see `MeasureInput`. */
  measure(
    { ingress, target, fault, refused, serving: { snapshot } }: Omit<Subject, 'run'>,
    density = 1,
  ): Measured {
    const live = snapshot.live.get(target.provider)!
    return measure({
      body: ingress.body,
      sizeOf: (sizer) => sizeOf(ingress, sizer),
      window: this.windowOf(snapshot, target, ingress.caller),
      refused: fault && {
        numbers: tokenNumbers(fault.message) ?? noNumbers,
        smallest: this.#refusals.smallest(live, { ...target, caller: ingress.caller }),
        ...(refused && { sizeOf: (sizer: Sizer) => sizeOf(refused, sizer) }),
      },
      density,
      sizer: this.#sizerOf(snapshot, target),
    })
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
  prepare(subject: Omit<Subject, 'run'>, limit: number): void {
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

  async #prepare(subject: Omit<Subject, 'run'>, limit: number): Promise<void> {
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
    subject: Omit<Subject, 'run'>,
    before: Exclude<Condensation, { kind: 'impossible' }>,
  ): { readonly ingress: Ingress; readonly condensed: Condensed } | undefined {
    const measured = this.measure(subject)
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

  #join({ ingress, serving }: Omit<Subject, 'run'>, { key, write }: Draft, background: boolean) {
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
  #draft(subject: Omit<Subject, 'run'>, ahead?: number): Promise<Draft | undefined> {
    const { ingress, serving } = subject
    const settings = settingsOf(serving.snapshot)
    const live = serving.snapshot.live.get(subject.target.provider)!
    const density = this.#densities.of(live, { ...subject.target, caller: ingress.caller })
    const measured = this.measure(subject, density)
    const find: FindSummary = (keys) => this.#summaries.find(ingress.caller, keys, settings)
    return ingress.operation === 'chat'
      ? chatDraft(ingress, { measured, settings, find, ahead })
      : promptDraft(ingress, measured, find)
  }

  #sizerOf({ live }: Snapshot, { provider, upstreamModel }: RouteTarget): Sizer {
    return this.#sizers.of(live.get(provider)!, upstreamModel)
  }
}

const noNumbers: TokenNumbers = {}

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

function messagesOf({ body }: Ingress): readonly unknown[] {
  const { messages } = body
  return Array.isArray(messages) ? messages : []
}

function sizeOf({ operation, body }: Ingress, sizer: Sizer): number {
  return operation === 'chat' ? chatTokens(body, sizer) : sizer.tokens(promptOf(body)!)
}

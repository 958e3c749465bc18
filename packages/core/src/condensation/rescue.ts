import type { AttemptFault } from '../exchange/transfer.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { Condensed } from '../metrics/condensation.ts'
import type { RequestRun } from '../request-run.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import { type Served, serve, type Serving } from '../serve.ts'
import type { Condensation, Condenser, Subject } from './condenser.ts'
import { largerModels, type RouteOf } from './larger-models.ts'
import { loweredMaxTokens } from './lowered-max-tokens.ts'
import { mayCondense } from './may-condense.ts'

/** A request that was refused because it is too long for its model. Nothing of an answer was sent. */
export type Overflow = Extract<Served, { kind: 'failed' }> & { readonly fault: AttemptFault }

export function isOverflow(served: Served | undefined): served is Overflow {
  return served?.kind === 'failed' && served.fault?.kind === 'context_length'
}

export interface RescueMeans {
  readonly condenser: Condenser
  readonly routeOf: RouteOf
}

/** Another form of a request, and whom to ask for it: by default its own deployments. */
interface Step {
  readonly ingress: Ingress
  readonly condensed?: Condensed
  readonly targets?: readonly RouteTarget[]
  /** Another form follows where this one is refused as faulty. */
  readonly orElse?: true
  /** Its summary stands in a message of the client's, which is the form that follows. */
  readonly isJoined?: true
}

/**
 * Asks in another form for a request that was refused as too long, or will be (`undefined`): with a lower `max_tokens` where that is all
 * there is to it, at a larger model where one is named, then with a summary in place of its history, at last with half of it. Each at
 * most once (of the last two once more with a lower `max_tokens`), and one attempt of each whatever `max_attempts` says.
 */
export async function rescue(
  run: RequestRun,
  refused: Overflow | undefined,
  serving: Serving,
  means: RescueMeans,
): Promise<Served> {
  const { snapshot } = serving
  const condensable = mayCondense(run, snapshot.config)
  let served: Served | undefined = refused
  // When nothing helps, this is told: not that a larger model is down as well.
  let overflow = refused
  const learn = (targets: readonly RouteTarget[]) => {
    if (!isOverflow(served)) return
    const target = askedTarget(run, targets)
    means.condenser.measures.learn({ ingress: run.asked, target, fault: served.fault, serving }, condensable)
  }
  learn(serving.targets)
  for await (const step of steps(run, serving, { ...means, condensable, last: () => served })) {
    run.askInstead(step.ingress, step.condensed)
    const { targets = serving.targets } = step
    served = await serve(run, targets, { ...serving, targets })
    learn(targets)
    if (step.isJoined === true && !isFaulty(served))
      means.condenser.takesJoined({ target: askedTarget(run, targets), serving })
    if (isOverflow(served)) overflow = served
    if (isOver(run) || !(isOverflow(served) || isNoMatter(served, step))) return served
  }
  // Its time is up, or its client has left: that says more than that it was too long.
  return served === undefined || isOver(run) ? serve(run, serving.targets, serving) : (overflow ?? served)
}

/** A failure that says nothing of the length: a larger model is down, or the model does not take this form. */
function isNoMatter(served: Served, { targets, orElse }: Step): boolean {
  return (targets !== undefined && served.kind === 'failed') || (orElse === true && isFaulty(served))
}

function isFaulty(served: Served | undefined): boolean {
  return served?.kind === 'failed' && served.fault?.kind === 'invalid_request'
}

interface StepMeans extends RescueMeans {
  readonly condensable: boolean
  /** What became of the request so far. */
  readonly last: () => Served | undefined
}

async function* steps(run: RequestRun, serving: Serving, means: StepMeans): AsyncGenerator<Step, void, void> {
  const { condenser, condensable } = means
  const refused = means.last()
  const fault = isOverflow(refused) ? refused.fault : undefined
  const target = askedTarget(run, serving.targets)
  const ingress = run.asked
  const subject = { ingress, target, fault, run, serving }
  if (condensable) yield* shorterAnswer(subject, means)
  for (const targets of largerModels(target, means.routeOf)) yield { ingress, targets }
  if (!condensable) return
  let made = await condenser.condense(subject)
  if (isOver(run)) return
  if (made.kind === 'condensed') made = yield* withSummary(made, subject, means)
  else if (fault === undefined) {
    // It was only expected that it would be refused.
    yield { ingress }
    yield* shorterAnswer(subject, means)
  }
  if (made.kind === 'impossible') return
  const again = yield* byWhatWasCounted({ ...subject, run }, made, means)
  if (isOver(run)) return
  const last = means.last()
  const now = { ...subject, fault: isOverflow(last) ? last.fault : fault }
  const truncated = condenser.truncate(
    again.kind === 'condensed' ? { ...now, ingress: again.ingress } : now,
    again,
  )
  if (truncated !== undefined) yield* withShorter(truncated, subject, means)
}

/** The request as it came, where its prompt was found to fit, and only the answer that is asked for does not fit beside it. */
function* shorterAnswer(
  { ingress, target, serving }: Subject,
  { condenser, last }: StepMeans,
): Generator<Step, void, void> {
  const refused = last()
  const size = () => condenser.measures.of({ ingress, target, fault: undefined, serving }).total
  const lowered = isOverflow(refused) ? loweredMaxTokens(ingress, refused.fault, size) : undefined
  if (lowered === undefined) return
  const { from, to } = lowered
  yield { ingress: lowered.ingress, condensed: { kind: 'max_tokens', from, to }, orElse: true }
}

/**
 * What stays beside a summary that was known already may turn out to have more tokens than it seems. The refusal has told, so that
 * now the cut can be set where it fits, and a summary be made, which this request has not had yet. Says what was asked for last.
 */
async function* byWhatWasCounted(
  subject: Subject & { readonly run: RequestRun },
  made: Exclude<Condensation, { kind: 'impossible' }>,
  means: StepMeans,
): AsyncGenerator<Step, Exclude<Condensation, { kind: 'impossible' }>, void> {
  const { condenser, last } = means
  const refused = last()
  if (made.kind !== 'condensed' || made.condensed.source !== 'cache' || !isOverflow(refused)) return made
  const again = await condenser.condense({ ...subject, fault: refused.fault, refused: made.ingress })
  if (again.kind !== 'condensed' || isOver(subject.run)) return made
  if (again.ingress.bytes.equals(made.ingress.bytes)) return made
  return yield* withSummary(again, subject, means)
}

/** A summary in a message of its own; when the model's template refuses that, in one of the client's. Says what was asked for last. */
function* withSummary(
  made: Extract<Condensation, { kind: 'condensed' }>,
  subject: Subject,
  means: StepMeans,
): Generator<Step, Extract<Condensation, { kind: 'condensed' }>, void> {
  const { ingress, condensed, joined } = made
  yield* withShorter({ ingress, condensed, ...(joined && { orElse: true }) }, subject, means)
  if (joined === undefined || !isFaulty(means.last())) return made
  const other = { ...made, ingress: joined() }
  yield* withShorter({ ingress: other.ingress, condensed, isJoined: true }, subject, means)
  return other
}

/** A condensed request; when its prompt fits now, and the answer that is asked for does not fit beside it, with a shorter answer. */
function* withShorter(step: Step, subject: Subject, means: StepMeans): Generator<Step, void, void> {
  yield step
  for (const { ingress } of shorterAnswer({ ...subject, ingress: step.ingress }, means))
    yield { ...step, ingress }
}

function isOver({ cancelled, remainingMs }: RequestRun): boolean {
  return cancelled !== undefined || remainingMs <= 0
}

/** The deployment that refused the request, else the one that is asked first. */
function askedTarget({ attempts }: RequestRun, targets: readonly RouteTarget[]): RouteTarget {
  const last = attempts.at(-1)
  const asked = targets.find(
    ({ provider, upstreamModel }) => provider === last?.provider && upstreamModel === last.model,
  )
  return asked ?? targets[0]!
}

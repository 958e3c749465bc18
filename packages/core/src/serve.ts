import type { OperationName } from '@llmproxy/provider-kit'
import {
  type Admission,
  admit,
  closedReason,
  queueTimeout,
  settleAdmission,
  type Wanted,
} from './admission.ts'
import type { Clock } from './clock.ts'
import type { GatewayConfig } from './config/schema.ts'
import { type Broken, continueStream } from './continue-stream.ts'
import { Attempt } from './exchange/attempt.ts'
import type { AttemptInput, AttemptResult } from './exchange/attempt-input.ts'
import { thrownFault } from './exchange/classify.ts'
import { messagesUsage } from './exchange/messages-usage.ts'
import { carriedFault } from './exchange/plugin-fault.ts'
import { splitRequest } from './exchange/split-request.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { timeoutFault, type WatchLimits } from './exchange/watch.ts'
import {
  type Asked,
  deploymentKey,
  type LiveDeployment,
  type LiveProvider,
  speaksOpenai,
  withKey,
} from './live-provider.ts'
import { clientGone, type RequestRun } from './request-run.ts'
import { decide } from './resilience/decide.ts'
import { isRefusal, isSocketRace, keyRule, type ObservedFault } from './resilience/fault-table.ts'
import type { RouteTarget } from './routing/route-target.ts'
import type { Snapshot } from './snapshot.ts'

export interface Serving {
  readonly snapshot: Snapshot
  readonly clock: Clock
  readonly random: () => number
  readonly deployment: (live: LiveProvider, asked: Asked) => LiveDeployment
  /** The deployments of the route. */
  readonly targets: readonly RouteTarget[]
}

/** What became of a request: its answer, or the fault that ended its route (`undefined`: nothing could be asked). */
export type Served =
  | { readonly kind: 'answered'; readonly repairedFrames: number }
  | Broken
  | { readonly kind: 'failed'; readonly fault: AttemptFault | undefined; readonly repairedFrames: number }

/** Asks the deployments of a route in order until one answers, the policy says stop, or nobody waits any more. */
export async function serve(
  run: RequestRun,
  targets: readonly RouteTarget[],
  serving: Serving,
): Promise<Served> {
  let fault: AttemptFault | undefined
  let retries = 0
  let raced = false
  for (let index = 0; ;) {
    // The client may have left before it was served, and a queue may have used up the time.
    if (run.cancelled !== undefined) break
    if (run.remainingMs <= 0) {
      fault = timeoutFault('total')
      break
    }
    const target = targets[index]
    if (target === undefined) break
    const live = serving.snapshot.live.get(target.provider)!
    const tried = await attemptOnce(run, live, target, serving)
    if (tried.kind === 'skipped') {
      run.skip(live, target.upstreamModel, tried.fault)
      index += 1
      retries = 0
      continue
    }
    if (tried.kind === 'broken' && run.continuing !== undefined) {
      const maxAttempts = serving.snapshot.config.max_attempts
      const ask = (next: RouteTarget) => askForRest(run, next, serving)
      return continueStream(run, tried, { targets, index, maxAttempts, ask })
    }
    if (tried.kind !== 'fault') return tried
    fault = oneRace(tried.fault, raced)
    raced ||= fault.reusedSocketDied === true
    const decision = decide({
      fault,
      attemptsLeft:
        run.cancelled === undefined ? serving.snapshot.config.max_attempts - run.attempts.length : 0,
      retriesLeft: live.config.max_retries - retries,
      retryNumber: retries + 1,
      remainingMs: run.remainingMs,
      deploymentsAfter: targets.length - index - 1,
      random: serving.random,
      retryDelayMs: live.config.retry_delay * 1000,
      maxWaitMs: serving.snapshot.config.max_retry_wait * 1000,
      anotherKey: tried.anotherKey === true,
    })
    if (decision.action === 'stop') break
    if (decision.action === 'fallback') {
      index += 1
      retries = 0
      continue
    }
    // A race, or a fault of one key, is no failure of the deployment, so it uses up none of its retries.
    if (fault.reusedSocketDied !== true && tried.anotherKey !== true) retries += 1
    if (decision.delayMs > 0) await run.pause(decision.delayMs)
  }
  return { kind: 'failed', fault: run.cancelled ?? fault, repairedFrames: 0 }
}

/** The keep-alive race is repeated once: a second death in a row is no race any more, and the request may have been seen. */
function oneRace(fault: AttemptFault, raced: boolean): AttemptFault {
  return raced && fault.reusedSocketDied === true ? { ...fault, reusedSocketDied: false } : fault
}

/** What became of one deployment of the route. */
export type Tried =
  | { readonly kind: 'skipped'; readonly fault: AttemptFault }
  /** `anotherKey`: the fault is that of its key, and the provider has another one that can be used now. */
  | { readonly kind: 'fault'; readonly fault: AttemptFault; readonly anotherKey?: boolean }
  | Exclude<Served, { kind: 'failed' }>

/** Asks one deployment for the rest of a stream, or notes why it cannot be asked. */
async function askForRest(run: RequestRun, target: RouteTarget, serving: Serving): Promise<Tried> {
  const live = serving.snapshot.live.get(target.provider)!
  const tried = await attemptOnce(run, live, target, serving)
  if (tried.kind === 'skipped') run.skip(live, target.upstreamModel, tried.fault)
  return tried
}

/**
 * None of the others can be asked now. Of several that pause by a guess of ours the first counts as the last one: else a guess would
 * make the model vanish.
 */
function isLastOne(target: RouteTarget, { targets, snapshot }: Serving): boolean {
  const position = targets.indexOf(target)
  return targets.every((other, index) => {
    if (other === target) return true
    const live = snapshot.live.get(other.provider)!
    const deployment = live.deployments.get(deploymentKey(live, other))
    if (deployment === undefined || closedReason(live, deployment, false) === undefined) return false
    return index > position || closedReason(live, deployment, true) !== undefined
  })
}

async function attemptOnce(
  run: RequestRun,
  live: LiveProvider,
  target: RouteTarget,
  serving: Serving,
): Promise<Tried> {
  const deployment = serving.deployment(live, target)
  let alone = serving.targets.length === 1
  let closed = closedReason(live, deployment, alone)
  if (closed !== undefined && !alone && isLastOne(target, serving)) {
    alone = true
    closed = closedReason(live, deployment, alone)
  }
  if (closed !== undefined) return { kind: 'skipped', fault: closed }
  const input = prepared(run, live, target, serving)
  if ('kind' in input) return refused(run, input)
  const admission = await admitted(run, live, { deployment, alone, exchanges: input.parts?.length ?? 1 })
  if ('kind' in admission) return { kind: 'skipped', fault: admission }
  // What was cancelled a moment ago found no attempt to end.
  if (run.cancelled !== undefined) {
    settleAdmission(admission, clientGone)
    return { kind: 'skipped', fault: run.cancelled }
  }
  return conclude(run, input, admission)
}

/** The attempt before found that its connection had been closed. */
function afterRace({ attempts }: RequestRun): boolean {
  const before: ObservedFault | undefined = attempts.at(-1)?.fault
  return before !== undefined && isSocketRace(before)
}

/** What the exchange is about. A fault: the provider cannot express the request, or `strict` forbids what it would drop. */
function prepared(
  run: RequestRun,
  live: LiveProvider,
  target: RouteTarget,
  { snapshot, clock }: Serving,
): AttemptInput | AttemptFault {
  const { config } = snapshot
  const { operation, body } = run.asked
  const codec = live.codecs[operation]!
  run.begin(live, target.upstreamModel)
  const call = run.call(live, target.upstreamModel)
  try {
    const { request, parts } = splitRequest({
      operation,
      baseUrl: live.baseUrl,
      codec,
      call,
      ingress: run.asked,
      headers: live.headers,
      askUsage: run.stream && live.supports.stream_usage !== false && speaksOpenai(live, operation),
    })
    if (live.config.strict && run.dropped.size > 0) return strictFault(run.dropped)
    return {
      live,
      operation,
      codec,
      call,
      request,
      ...(parts && { parts }),
      fresh: afterRace(run),
      clock,
      limits: limitsOf(run, live, config),
      silentSince: run.continuing?.begun === undefined ? run.ingress.startedAt : clock.now(),
      includeUsage: body.stream_options?.include_usage === true,
      begun: run.continuing?.begun,
      keywords: snapshot.keywords,
      responseLimit: config.response_limit,
      eventLimit: config.event_limit,
      port: run,
    }
  } catch (error) {
    return (
      carriedFault(error) ?? { ...thrownFault(error), message: 'the provider cannot express this request' }
    )
  }
}

/** The time limits of one attempt. 0 in the configuration means none. */
function limitsOf(run: RequestRun, live: LiveProvider, config: GatewayConfig): WatchLimits {
  const { timeout, idle_timeout: idle = config.idle_timeout } = live.config
  const orNever = (seconds: number) => (seconds === 0 ? Infinity : seconds * 1000)
  return {
    firstByteMs: orNever(timeout),
    deadlineAt: run.deadlineAt,
    idleMs: orNever(idle),
    streamEndAt: run.ingress.startedAt + orNever(config.stream_timeout),
    keepaliveMs: run.stream ? orNever(config.keepalive_interval) : Infinity,
  }
}

/** A request that was never sent is no attempt, but its fault decides what happens next. */
function refused(run: RequestRun, fault: AttemptFault): Tried {
  run.note(0, null, fault)
  return { kind: 'fault', fault }
}

/** Waits for a slot if it must, then takes permit, pace and key. What those in front heard in the meantime counts. */
async function admitted(
  run: RequestRun,
  live: LiveProvider,
  wanted: Wanted,
): Promise<Admission | AttemptFault> {
  if (!live.gate.tryAcquire()) {
    const got = await run.waiting((onCancel) => live.gate.wait(onCancel))
    if (got !== 'acquired') return queueTimeout(live)
    const closed = closedReason(live, wanted.deployment, wanted.alone)
    if (closed !== undefined) {
      live.gate.release()
      return closed
    }
  }
  return admit(live, wanted)
}

async function conclude(run: RequestRun, input: AttemptInput, admission: Admission): Promise<Tried> {
  const { clock } = input
  const { live, key } = admission
  const startedAt = clock.now()
  const attempt = new Attempt(key === undefined ? input : { ...input, live: withKey(live, key) })
  run.attach(attempt, key?.name, key?.lease.trial === true ? () => live.keys!.accepted(key) : undefined)
  let result: AttemptResult | undefined
  let fault: AttemptFault | undefined
  let anotherKey = false
  try {
    result = await attempt.run()
  } finally {
    fault = result !== undefined && 'fault' in result ? keyworded(result.fault, input) : undefined
    anotherKey = settleAdmission(admission, fault)
    if (key !== undefined && fault !== undefined) fault = ofAllKeys(admission, fault)
    run.note(clock.now() - startedAt, attempt.firstByteMs, fault)
  }
  if (result.kind === 'fault') {
    if (key !== undefined && isRefusal(fault!)) noteClosed(run, input, admission)
    return { kind: 'fault', fault: fault!, anotherKey }
  }
  const repairedFrames = attempt.state?.repaired ?? 0
  if (result.kind === 'whole') {
    const { status, headers, bytes, value } = result
    run.answer(status, headers, bytes, usageOf(run.ingress.operation, value))
    return { kind: 'answered', repairedFrames }
  }
  run.streamUsage(attempt.state?.usage)
  return result.kind === 'broken'
    ? { kind: 'broken', fault: fault!, repairedFrames }
    : { kind: 'answered', repairedFrames }
}

/** Before anything follows from it: what the operator calls too long is no failure of the upstream. */
function keyworded(fault: AttemptFault, { keywords }: AttemptInput): AttemptFault {
  return keywords === undefined ? fault : keywords(fault)
}

/** A rate limit of one key is over for the deployment when the first of them is ready again. */
function ofAllKeys({ live, deployment }: Admission, fault: AttemptFault): AttemptFault {
  if (keyRule(fault) !== 'rest' || fault.retryAfterMs === 0) return fault
  const { retryAfterMs: _own, ...rest } = fault
  const retryAfterMs = live.keys!.hintMs(deployment)
  return retryAfterMs === undefined ? rest : { ...rest, retryAfterMs }
}

/** One key was refused. That no other one can be used says more. */
function noteClosed(run: RequestRun, { call }: AttemptInput, { live, deployment }: Admission): void {
  const closed = live.keys!.closed(deployment, false)
  if (closed !== undefined) run.skip(live, call.model, closed)
}

function usageOf(operation: OperationName, answer: unknown): unknown {
  const usage =
    typeof answer === 'object' && answer !== null ? (answer as { usage?: unknown }).usage : undefined
  return operation === 'messages' ? messagesUsage(usage) : usage
}

function strictFault(dropped: ReadonlySet<string>): AttemptFault {
  const [first] = dropped
  return {
    kind: 'invalid_request',
    code: 'unsupported_parameter',
    param: first ?? null,
    message: `strict is on, and the provider has no equivalent for: ${[...dropped].join(', ')}`,
  }
}

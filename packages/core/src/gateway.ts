import type { OperationName } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import type { GatewayConfig } from './config/schema.ts'
import type { Egress } from './egress.ts'
import { GatewayError } from './errors.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { failureOf } from './failure.ts'
import type { Ingress } from './ingress/ingress.ts'
import { type InProcessAnswer, respond, type RespondOptions } from './in-process.ts'
import { deploymentOf, type LiveDeployment, type LiveProvider } from './live-provider.ts'
import type { Ledger } from './metrics/ledger.ts'
import type { Outcome } from './metrics/outcome.ts'
import { RequestRun } from './request-run.ts'
import { needsOf } from './routing/needs.ts'
import { type Route, route } from './routing/route.ts'
import { entryOf } from './routing/route-target.ts'
import { serve } from './serve.ts'
import type { Snapshot } from './snapshot.ts'

/** Where the gateway reports what only its operator may know. */
export interface GatewayLog {
  error(facts: object, message: string): void
}

export interface GatewayParts {
  readonly snapshot: Snapshot
  readonly ledger: Ledger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly newId: () => string
  readonly scrub: (text: string) => string
  readonly observe: ((outcome: Outcome) => void) | undefined
  readonly log: GatewayLog
}

/** The gateway: every client request goes through `handle()`. Made by `createGateway()`. */
export class Gateway {
  readonly #parts: GatewayParts
  readonly #running = new Set<RequestRun>()
  #closed = false

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  /**
   * Serves one client request, from routing to the end of its body. The answer goes to `egress`, errors included.
   * Resolves when the request is settled; never rejects.
   */
  async handle(ingress: Ingress, egress: Egress): Promise<Outcome> {
    const { snapshot, ledger, clock, observe } = this.#parts
    const run = new RequestRun({ ingress, egress, settings: snapshot.config, clock })
    ledger.started(ingress.operation)
    this.#running.add(run)
    let repairedFrames = 0
    try {
      const found = this.#route(run)
      if (found.kind === 'route') repairedFrames = await this.#serve(run, found)
      else run.fail(found.error, 'rejected')
    } catch (error) {
      this.#bug(error, ingress)
      run.fail(internalError(), 'upstream_error')
    }
    this.#running.delete(run)
    const outcome = run.outcome(repairedFrames)
    ledger.settled(outcome, snapshot.table.label(outcome.model))
    observe?.(outcome)
    return outcome
  }

  #route(run: RequestRun): Route {
    const { snapshot, random } = this.#parts
    const { operation, body } = run.ingress
    return route({
      table: snapshot.table,
      model: body.model,
      operation,
      stream: run.stream,
      needs: needsOf(operation, body),
      random,
      isWell: (target) => this.#isWell(snapshot.live.get(target.provider)!, entryOf(target.model).id),
      off: snapshot.switchedOff,
    })
  }

  async #serve(run: RequestRun, { targets }: Extract<Route, { kind: 'route' }>): Promise<number> {
    const { snapshot, clock, random, scrub } = this.#parts
    const served = await serve(run, targets, { snapshot, clock, random, deployment: this.#deployment })
    if (served.kind !== 'answered') {
      const waits = targets.map((target) => this.#retryAfterMs(snapshot.live.get(target.provider)!, entryOf(target.model).id))
      const { error, ending, body } = failureOf(run, served, Math.min(...waits), snapshot.config.error_details, scrub)
      run.fail(error, ending, body)
    }
    return served.repairedFrames
  }

  /** The same request in process, without HTTP. `body` is checked as if it had come over the wire. */
  respond(operation: OperationName, body: unknown, options: RespondOptions = {}): Promise<InProcessAnswer> {
    return respond(this, operation, body, options, this.#parts)
  }

  get snapshot(): Snapshot {
    return this.#parts.snapshot
  }

  get config(): GatewayConfig {
    return this.#parts.snapshot.config
  }

  get ledger(): Ledger {
    return this.#parts.ledger
  }

  /** Requests that are being served. */
  get inFlight(): number {
    return this.#running.size
  }

  /** Replaces every configured secret in a text. */
  scrub(text: string): string {
    return this.#parts.scrub(text)
  }

  /** True until `close()`, when at least one provider is on. */
  ready(): boolean {
    return !this.#closed && this.#parts.snapshot.live.size > 0
  }

  /** Ends what still runs (streams get an error frame) and closes every connection. */
  async close(): Promise<void> {
    this.#closed = true
    for (const run of this.#running) run.cancel(shuttingDown)
    const upstreams = [...this.#parts.snapshot.live.values()].flatMap(({ upstream }) => upstream ?? [])
    await Promise.all(upstreams.map((upstream) => upstream.destroy()))
  }

  readonly #deployment = (live: LiveProvider, model: string): LiveDeployment => {
    const { snapshot, clock, ledger } = this.#parts
    return deploymentOf(live, model, snapshot.config, clock, (state) => ledger.breakerChanged(live.name, model, state))
  }

  #isWell(live: LiveProvider, model: string): boolean {
    const known = live.deployments.get(model)
    return known === undefined || (known.breaker.state !== 'open' && known.cooldown.remainingMs() === 0)
  }

  #retryAfterMs(live: LiveProvider, model: string): number {
    const known = live.deployments.get(model)
    return known === undefined ? 0 : Math.max(known.breaker.retryAfterMs(), known.cooldown.remainingMs())
  }

  #bug(error: unknown, { id, operation }: Ingress): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#parts.log.error({ request_id: id, operation, error: this.scrub(text) }, 'unexpected error')
  }
}

const shuttingDown: AttemptFault = { kind: 'timeout', phase: 'total', code: 'shutting_down', message: 'the gateway is shutting down' }

function internalError(): GatewayError {
  return new GatewayError(500, 'server_error', 'An unexpected error happened in the gateway', { code: 'internal_error' })
}

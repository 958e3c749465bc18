import type { OperationName } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import type { GatewayConfig } from './config/schema.ts'
import type { Egress } from './egress.ts'
import { GatewayError } from './errors.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { failureOf } from './failure.ts'
import type { Ingress } from './ingress/ingress.ts'
import { type InProcessAnswer, respond, type RespondOptions } from './in-process.ts'
import {
  type Asked,
  deploymentKey,
  deploymentOf,
  type LiveDeployment,
  type LiveProvider,
} from './live-provider.ts'
import type { HealthReport } from './health/health-report.ts'
import { Vitals } from './health/vitals.ts'
import { ModelCatalogue } from './model-catalogue.ts'
import { probe, type ProbeReport } from './probe.ts'
import type { Ledger } from './metrics/ledger.ts'
import type { AttemptRecord, Outcome } from './metrics/outcome.ts'
import { prometheus, type PrometheusFormat } from './metrics/prometheus.ts'
import { type SpecMetrics, specMetrics } from './metrics/spec-metrics.ts'
import type { ProviderOff } from './plugins/configure.ts'
import {
  health,
  isUsable,
  modelLine,
  type ModelLine,
  modelListing,
  type ModelListing,
  providers,
} from './reports.ts'
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
  readonly #vitals: Vitals
  readonly #catalogue: ModelCatalogue
  readonly #startedAt: number
  #closed = false

  constructor(parts: GatewayParts) {
    const { clock, ledger, snapshot } = parts
    this.#parts = parts
    this.#startedAt = Math.floor(clock.epoch() / 1000)
    this.#catalogue = new ModelCatalogue(clock, snapshot.config.models_ttl * 1000)
    this.#vitals = new Vitals(clock.now(), snapshot.live.size > 0)
    ledger.configure(snapshot.live.keys(), (model) => snapshot.table.label(model))
  }

  /**
   * Serves one client request, from routing to the end of its body. The answer goes to `egress`, errors included.
   * Resolves when the request is settled; never rejects.
   */
  async handle(ingress: Ingress, egress: Egress): Promise<Outcome> {
    const { snapshot, ledger, clock, observe, scrub } = this.#parts
    const run = new RequestRun({ ingress, egress, settings: snapshot.config, clock, scrub })
    ledger.started(ingress.operation)
    this.#running.add(run)
    if (this.#closed) run.cancel(shuttingDown)
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
    this.#tellBugs(outcome.attempts, ingress)
    ledger.settled(outcome)
    this.#vitals.observe(outcome.attempts, clock.now())
    try {
      observe?.(outcome)
    } catch (error) {
      this.#bug(error, ingress)
    }
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
      isWell: (target) => this.#isWell(snapshot.live.get(target.provider)!, target),
      off: snapshot.switchedOff,
    })
  }

  async #serve(run: RequestRun, { targets }: Extract<Route, { kind: 'route' }>): Promise<number> {
    const { snapshot, clock, random, scrub } = this.#parts
    const served = await serve(run, targets, {
      snapshot,
      clock,
      random,
      deployment: this.#deployment,
      targets: targets.length,
    })
    if (served.kind !== 'answered') {
      const waits = targets.map((target) => this.#retryAfterMs(snapshot.live.get(target.provider)!, target))
      const { error, ending, body } = failureOf(
        run,
        served,
        Math.min(...waits),
        snapshot.config.error_details,
        scrub,
      )
      run.fail(error, ending, body)
    }
    return served.repairedFrames
  }

  /** The same request in process, without HTTP. `body` is checked as if it had come over the wire. */
  respond(operation: OperationName, body: unknown, options: RespondOptions = {}): Promise<InProcessAnswer> {
    return respond(this, operation, body, options, this.#parts)
  }

  /** The JSON of `GET /v1/models`: the names that are configured, and what vendors have for configured patterns. */
  async models(): Promise<ModelListing> {
    const { snapshot } = this.#parts
    await this.#catalogue.refresh(snapshot.live.values())
    return modelListing(snapshot, this.#catalogue, this.#startedAt)
  }

  /** Asks every provider that is on whether it is well, as its `health_check` says. Never rejects. */
  probe(timeoutMs = 10_000): Promise<readonly ProbeReport[]> {
    const { snapshot, clock } = this.#parts
    return Promise.all([...snapshot.live.values()].map((live) => probe(live, clock, timeoutMs)))
  }

  /** One model by any name that resolves, listed or not. */
  model(id: string): ModelLine | undefined {
    const found = this.#parts.snapshot.table.find(id)
    return found === undefined ? undefined : modelLine(found, this.#startedAt)
  }

  health(): HealthReport {
    return health(this.#parts.snapshot, this.#vitals, this.#parts.clock)
  }

  providers(): object {
    return providers(this.#parts.snapshot, this.#vitals, this.#parts.clock)
  }

  /** The JSON of `GET /metrics`. */
  metrics(): SpecMetrics {
    return specMetrics(this.#parts.ledger.snapshot())
  }

  /** The same counters as text for Prometheus. */
  prometheus(format?: PrometheusFormat): string {
    return prometheus(this.#parts.ledger.snapshot(), format)
  }

  /** The providers that are on, in the order of the configuration. */
  get on(): readonly { name: string; type: string; models: readonly string[] }[] {
    return [...this.#parts.snapshot.live.values()].map(({ name, type, config }) => ({
      name,
      type,
      models: config.models.map((model) => entryOf(model).id),
    }))
  }

  /** The providers that are off, and what would switch them on. */
  get off(): readonly ProviderOff[] {
    return this.#parts.snapshot.off
  }

  get config(): GatewayConfig {
    return this.#parts.snapshot.config
  }

  get ledger(): Ledger {
    return this.#parts.ledger
  }

  /** Counts a request that the server's own limits refused. */
  rateLimited(operation: OperationName): void {
    this.#parts.ledger.rateLimited(operation)
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

  readonly #deployment = (live: LiveProvider, asked: Asked): LiveDeployment => {
    const { snapshot, clock, ledger } = this.#parts
    return deploymentOf(live, asked, snapshot.config, clock, (entry, worst) => {
      ledger.breakerChanged(live.name, entry, worst)
      this.#vitals.mark(isUsable(snapshot, this.#vitals, clock), clock.now())
    })
  }

  #isWell(live: LiveProvider, asked: Asked): boolean {
    const known = live.deployments.get(deploymentKey(live, asked))
    return known === undefined || (known.breaker.state !== 'open' && known.cooldown.remainingMs() === 0)
  }

  #retryAfterMs(live: LiveProvider, asked: Asked): number {
    const known = live.deployments.get(deploymentKey(live, asked))
    return known === undefined ? 0 : Math.max(known.breaker.retryAfterMs(), known.cooldown.remainingMs())
  }

  /** A plugin that throws something else than a fault has a bug: its author needs the stack, the client must not see it. */
  #tellBugs(attempts: readonly AttemptRecord[], ingress: Ingress): void {
    for (const { provider, fault } of attempts) {
      const { thrown } = (fault ?? {}) as Partial<AttemptFault>
      if (thrown !== undefined) this.#bug(thrown, ingress, provider)
    }
  }

  #bug(error: unknown, { id, operation }: Ingress, provider?: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    this.#parts.log.error(
      { request_id: id, operation, provider, error: this.scrub(text) },
      'unexpected error',
    )
  }
}

const shuttingDown: AttemptFault = {
  kind: 'timeout',
  phase: 'total',
  code: 'shutting_down',
  message: 'the gateway is shutting down',
}

function internalError(): GatewayError {
  return new GatewayError(500, 'server_error', 'An unexpected error happened in the gateway', {
    code: 'internal_error',
  })
}

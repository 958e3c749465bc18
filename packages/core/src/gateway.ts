import type { OperationName } from '@llmproxy/provider-kit'
import { closedMs } from './admission.ts'
import { prepareNext } from './condensation/background.ts'
import type { RouteOf } from './condensation/larger-models.ts'
import { isTooLong } from './condensation/preflight.ts'
import { isOverflow, rescue, type RescueMeans } from './condensation/rescue.ts'
import type { Environment } from './config/interpolate.ts'
import type { ConfigProblem } from './config/problem.ts'
import type { CheckedConfig } from './config/read.ts'
import type { GatewayConfig, GatewayConfigInput } from './config/schema.ts'
import type { Egress } from './egress.ts'
import { GatewayError } from './errors.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import { failureOf } from './failure.ts'
import type { Ingress } from './ingress/ingress.ts'
import { type InProcessAnswer, respond, type RespondOptions } from './in-process.ts'
import { keyGauge } from './key-report.ts'
import { type Asked, deploymentKey, type LiveProvider } from './live-provider.ts'
import type { HealthFound } from './health/checks.ts'
import type { HealthReport } from './health/health-report.ts'
import type { HealthTurn } from './health/vitals.ts'
import { probeKeys, type ProbeReport } from './probe.ts'
import type { Ledger } from './metrics/ledger.ts'
import type { SummaryReport } from './metrics/condensation.ts'
import type { AttemptRecord, Outcome } from './metrics/outcome.ts'
import { prometheus, type PrometheusFormat } from './metrics/prometheus.ts'
import { type SpecMetrics, specMetrics } from './metrics/spec-metrics.ts'
import type { ProviderOff } from './plugins/configure.ts'
import type { ReloadReport } from './reload.ts'
import { health, modelLine, type ModelLine, modelListing, type ModelListing, providers } from './reports.ts'
import { RequestRun } from './request-run.ts'
import { needsOf } from './routing/needs.ts'
import { type Route, route } from './routing/route.ts'
import { entryOf } from './routing/route-target.ts'
import { Runtime, type RuntimeParts } from './runtime.ts'
import { serve } from './serve.ts'
import type { Snapshot } from './snapshot.ts'

/** Where the gateway reports what only its operator may know. */
export interface GatewayLog {
  error(facts: object, message: string): void
  /** What the gateway copes with, and its operator should look at. */
  warn?(facts: object, message: string): void
}

export interface GatewayParts extends RuntimeParts {
  readonly newId: () => string
  readonly observe: ((outcome: Outcome) => void) | undefined
  /** May throw. */
  readonly observeSummary: ((report: SummaryReport) => void) | undefined
}

/** A provider that is on. */
export interface ProviderOn {
  readonly name: string
  readonly type: string
  readonly models: readonly string[]
  /** The variables of its keys, when there are several. */
  readonly keys: readonly string[]
  /** Variables of its list of keys that have no value. */
  readonly unsetKeys: readonly string[]
}

/** The gateway: every client request goes through `handle()`. Made by `createGateway()`. */
export class Gateway {
  readonly #parts: GatewayParts
  readonly #runtime: Runtime
  readonly #running = new Set<RequestRun>()
  readonly #startedAt: number

  constructor(parts: GatewayParts) {
    this.#parts = parts
    this.#startedAt = Math.floor(parts.clock.epoch() / 1000)
    this.#runtime = new Runtime(parts)
    parts.ledger.gauge(keyGauge(() => this.#runtime.snapshot.live.values()))
  }

  /**
   * Serves one client request, from routing to the end of its body. The answer goes to `egress`, errors included.
   * Resolves when the request is settled; never rejects.
   */
  async handle(ingress: Ingress, egress: Egress): Promise<Outcome> {
    const { ledger, clock, observe } = this.#parts
    const generation = this.#runtime.enter()
    const { snapshot } = generation
    const run = new RequestRun({ ingress, egress, settings: snapshot.config, clock, scrub: this.scrub })
    ledger.started(ingress.operation)
    this.#running.add(run)
    if (this.#runtime.closed) run.cancel(shuttingDown)
    let repairedFrames = 0
    try {
      const found = this.#route(run, snapshot)
      if (found.kind === 'route') repairedFrames = await this.#serve(run, snapshot, found)
      else run.fail(found.error, 'rejected')
    } catch (error) {
      this.#bug(error, ingress)
      run.fail(internalError(), 'upstream_error')
    }
    this.#running.delete(run)
    this.#runtime.leave(generation)
    const outcome = run.outcome(repairedFrames)
    this.#tellBugs(outcome.attempts, ingress)
    ledger.settled(outcome)
    this.#runtime.vitals.observe(outcome.attempts, snapshot.live, clock.now())
    try {
      observe?.(outcome)
    } catch (error) {
      this.#bug(error, ingress)
    }
    return outcome
  }

  #route(run: RequestRun, snapshot: Snapshot, model = run.ingress.body.model): Route {
    const { random } = this.#parts
    const { operation, body } = run.ingress
    return route({
      table: snapshot.table,
      model,
      operation,
      stream: run.stream,
      needs: needsOf(operation, body),
      random,
      isWell: (target) => this.#runtime.isWell(snapshot.live.get(target.provider)!, target),
      off: snapshot.switchedOff,
    })
  }

  async #serve(
    run: RequestRun,
    snapshot: Snapshot,
    { targets }: Extract<Route, { kind: 'route' }>,
  ): Promise<number> {
    const { clock, random } = this.#parts
    const { deployment, condenser } = this.#runtime
    const serving = { snapshot, clock, random, deployment, targets }
    const { condensation } = snapshot.config
    const isLong = condensation?.preflight === true && isTooLong(run, serving, condenser)
    const first = isLong ? undefined : await serve(run, targets, serving)
    const served =
      first === undefined || isOverflow(first)
        ? await rescue(run, first, serving, this.#means(run, snapshot))
        : first
    if (served.kind === 'answered' && condensation?.enabled === true) {
      condenser.measures.answered(run, snapshot)
      if (condensation.background) prepareNext(run, serving, this.#means(run, snapshot))
    }
    if (served.kind !== 'answered') {
      const waits = targets.map((target) => this.#retryAfterMs(snapshot.live.get(target.provider)!, target))
      const { error, ending, body } = failureOf(
        run,
        served,
        Math.min(...waits),
        snapshot.config.error_details,
        this.scrub,
      )
      run.fail(error, ending, body)
    }
    return served.repairedFrames
  }

  #means(run: RequestRun, snapshot: Snapshot): RescueMeans {
    const routeOf: RouteOf = (model) => {
      const found = this.#route(run, snapshot, model)
      return found.kind === 'route' ? found.targets : []
    }
    return { condenser: this.#runtime.condenser, routeOf }
  }

  /** The same request in process, without HTTP. `body` is checked as if it had come over the wire. */
  respond(operation: OperationName, body: unknown, options: RespondOptions = {}): Promise<InProcessAnswer> {
    return respond(this, operation, body, options, this.#parts)
  }

  /**
   * Takes another configuration into use: everything is validated first, requests that run finish under the old one, breakers,
   * pauses and slots carry over. Rejects with a `ConfigError`, and changes nothing, when it is faulty. One after the other.
   * `env`: where keys are looked up now; default: where they were at the start.
   */
  reload(config: GatewayConfigInput | CheckedConfig, env?: Environment): Promise<ReloadReport> {
    return this.#runtime.reload(config, env)
  }

  /** The JSON of `GET /v1/models`: the names that are configured, and what vendors have for configured patterns. */
  async models(): Promise<ModelListing> {
    const { snapshot, catalogue } = this.#runtime
    await catalogue.refresh(snapshot.live.values())
    return modelListing(snapshot, catalogue, this.#startedAt)
  }

  /** Asks every provider that is on whether it is well, as its `health_check` says, with each of its keys. Never rejects. */
  probe(timeoutMs = 10_000): Promise<readonly ProbeReport[]> {
    const { clock } = this.#parts
    const live = [...this.#runtime.snapshot.live.values()]
    return Promise.all(live.flatMap((each) => probeKeys(each, { clock, timeoutMs })))
  }

  /**
   * From now on asks every provider from time to time whether it is well (`health_check_interval`, `health_check`), unless requests
   * have just shown it; reloads are followed. `told` hears of providers that turn unhealthy, or well again; `found` of each check,
   * for `hearHealth()` of other gateways. The result ends it, as does `close()`. Until it is called a gateway asks nobody on its own
   * account.
   */
  watchHealth(told?: (turn: HealthTurn) => void, found?: (found: HealthFound) => void): () => void {
    return this.#runtime.watchHealth(told, found)
  }

  /** Another gateway of the same configuration has checked a provider. For those that do not watch themselves. */
  hearHealth(found: HealthFound): void {
    this.#runtime.hearHealth(found)
  }

  /** One model by any name that resolves, listed or not. */
  model(id: string): ModelLine | undefined {
    const found = this.#runtime.snapshot.table.find(id)
    return found === undefined ? undefined : modelLine(found, this.#startedAt)
  }

  health(): HealthReport {
    return health(this.#runtime, this.#parts.clock, this.#startedAt * 1000)
  }

  providers(): object {
    return providers(this.#runtime, this.#parts.clock)
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
  get on(): readonly ProviderOn[] {
    const { live, unsetKeys } = this.#runtime.snapshot
    return [...live.values()].map(({ name, type, config, keys }) => ({
      name,
      type,
      models: config.models.map((model) => entryOf(model).id),
      keys: keys?.keys.map((key) => key.name) ?? [],
      unsetKeys: unsetKeys.get(name) ?? [],
    }))
  }

  /** What looks wrong about the configuration that is in use, and could be seen only with the environment. */
  get warnings(): readonly ConfigProblem[] {
    return this.#runtime.snapshot.warnings
  }

  /** The providers that are off, and what would switch them on. */
  get off(): readonly ProviderOff[] {
    return this.#runtime.snapshot.off
  }

  get config(): GatewayConfig {
    return this.#runtime.snapshot.config
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

  /** Replaces every secret that is or was configured in a text. */
  readonly scrub = (text: string): string => this.#runtime.scrub(text)

  /** True until `close()`, when at least one provider is on. */
  ready(): boolean {
    return !this.#runtime.closed && this.#runtime.snapshot.live.size > 0
  }

  /** Ends what still runs (streams get an error frame) and closes every connection. */
  async close(): Promise<void> {
    const closed = this.#runtime.close()
    for (const run of this.#running) run.cancel(shuttingDown)
    await closed
  }

  #retryAfterMs(live: LiveProvider, asked: Asked): number {
    const known = live.deployments.get(deploymentKey(live, asked))
    return known === undefined ? 0 : closedMs(live, known)
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
  code: 'shutting_down',
  message: 'the gateway is shutting down',
}

function internalError(): GatewayError {
  return new GatewayError(500, 'server_error', 'An unexpected error happened in the gateway', {
    code: 'internal_error',
  })
}

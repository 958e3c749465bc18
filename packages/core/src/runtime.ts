import type { Clock } from './clock.ts'
import { Condenser } from './condensation/condenser.ts'
import { type SharedSummaries, unfailingSummaries } from './condensation/shared-summaries.ts'
import type { Environment } from './config/interpolate.ts'
import type { CheckedConfig } from './config/read.ts'
import type { GatewayConfigInput } from './config/schema.ts'
import { scrubber } from './config/scrubber.ts'
import type { GatewayLog } from './gateway.ts'
import { type Generation, Generations } from './generation.ts'
import { type HealthFound, HealthChecks } from './health/checks.ts'
import { type HealthTurn, Vitals } from './health/vitals.ts'
import {
  type Asked,
  deploymentKey,
  type DeploymentListener,
  deploymentOf,
  type LiveDeployment,
  type LiveProvider,
  silence,
} from './live-provider.ts'
import type { SummaryReport } from './metrics/condensation.ts'
import type { Ledger } from './metrics/ledger.ts'
import { ModelCatalogue } from './model-catalogue.ts'
import type { Peers, SharedPause } from './peers.ts'
import { probe } from './probe.ts'
import type { Assemble, Assembled, ReloadReport } from './reload.ts'
import { entryOf } from './routing/route-target.ts'
import type { Snapshot } from './snapshot.ts'
import { snapshotChanges } from './snapshot-changes.ts'

export interface RuntimeParts {
  readonly first: Assembled
  readonly assemble: Assemble
  readonly ledger: Ledger
  readonly clock: Clock
  /** In [0, 1). */
  readonly random: () => number
  readonly peers: Peers | undefined
  readonly log: GatewayLog
  /** Where several gateways keep summaries for each other. */
  readonly cache: SharedSummaries | undefined
  readonly observeSummary: ((report: SummaryReport) => void) | undefined
}

/** What a gateway serves with: the snapshot of now, and the live state that outlives it. */
export class Runtime {
  readonly vitals: Vitals
  readonly condenser: Condenser
  readonly #parts: RuntimeParts
  readonly #generations: Generations
  readonly #checks: HealthChecks
  #watched = false
  #found: ((found: HealthFound) => void) | undefined
  #catalogue: ModelCatalogue
  #secrets: ReadonlySet<string>
  #scrub: (text: string) => string
  #reloading: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(parts: RuntimeParts) {
    const { clock, first, peers } = parts
    const { snapshot, secrets } = first
    this.#parts = parts
    this.#generations = new Generations(snapshot)
    this.#catalogue = catalogueOf(snapshot, clock)
    this.vitals = new Vitals(snapshot.live, clock.now())
    this.#checks = this.#healthChecks()
    this.condenser = this.#condenser()
    this.condenser.configure(snapshot)
    this.#secrets = new Set(secrets)
    this.#scrub = scrubber(secrets)
    this.#label(snapshot)
    peers?.listen((pause) => this.#hear(pause))
  }

  get snapshot(): Snapshot {
    return this.#generations.snapshot
  }

  get catalogue(): ModelCatalogue {
    return this.#catalogue
  }

  get closed(): boolean {
    return this.#closed
  }

  /** Replaces every secret that is or was configured in a text. */
  readonly scrub = (text: string): string => this.#scrub(text)

  /** A request begins, with the snapshot of now. */
  enter(): Generation {
    return this.#generations.enter()
  }

  leave(generation: Generation): void {
    this.#generations.leave(generation)
  }

  readonly deployment = (live: LiveProvider, asked: Asked): LiveDeployment =>
    deploymentOf(
      live,
      asked,
      this.snapshot.config,
      this.#parts.clock,
      this.#isInUse(live) ? this.#listener : unheard,
    )

  /** False for what only requests from before a reload still know: it says nothing about what is in use now. */
  #isInUse({ name, deployments }: LiveProvider): boolean {
    return this.snapshot.live.get(name)?.deployments === deployments
  }

  /** See `Gateway.reload`. */
  reload(config: GatewayConfigInput | CheckedConfig, env?: Environment): Promise<ReloadReport> {
    const reloaded = this.#reloading.then(() => this.#reload(config, env))
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  async #reload(config: GatewayConfigInput | CheckedConfig, env?: Environment): Promise<ReloadReport> {
    if (this.#closed) throw new Error('the gateway is closed')
    const before = this.snapshot
    try {
      this.#use(await this.#parts.assemble(config, () => this.snapshot, env))
    } catch (error) {
      this.#parts.ledger.reloadFailed()
      throw error
    }
    this.#parts.ledger.reloaded()
    // Closed while the configuration was validated: nobody else would close what it has opened.
    if (this.#closed) await this.#closeUpstreams()
    return { changed: snapshotChanges(before, this.snapshot) }
  }

  #use({ snapshot, secrets }: Assembled): void {
    const { live } = this.snapshot
    // Those of before are still on their way in requests that run.
    this.#secrets = new Set([...this.#secrets, ...secrets])
    this.#scrub = scrubber([...this.#secrets])
    this.#catalogue = catalogueOf(snapshot, this.#parts.clock, this.#catalogue)
    this.#generations.replace(snapshot)
    for (const retired of live.values())
      if (!this.#isInUse(retired)) silence(retired, retired.deployments.values())
    this.vitals.configure(snapshot.live, this.#parts.clock.now())
    this.condenser.configure(snapshot)
    this.#label(snapshot)
    if (this.#watched) this.#followHealth()
    else this.#forgetChecks()
  }

  #label({ live, table }: Snapshot): void {
    const hasBreaker = (provider: string, model: string) =>
      [...(live.get(provider)?.deployments.values() ?? [])].some(({ entry }) => entry === model)
    this.#parts.ledger.configure(live.keys(), (model) => table.label(model), hasBreaker)
  }

  /** See `Gateway.watchHealth`. */
  watchHealth(
    told: ((turn: HealthTurn) => void) | undefined,
    found: ((found: HealthFound) => void) | undefined,
  ): () => void {
    this.vitals.onTurn = told && this.#unfailing(told)
    this.#found = found && this.#unfailing(found)
    this.#watched = !this.#closed
    if (this.#watched) this.#followHealth()
    return () => this.#stopChecks()
  }

  /** Whoever is told must not take a request, or all further checks, along. */
  #unfailing<Told>(tell: (told: Told) => void): (told: Told) => void {
    return (told) => {
      try {
        tell(told)
      } catch (error) {
        this.#parts.log.error({ error: this.scrub(String(error)) }, 'unexpected error')
      }
    }
  }

  /** See `Gateway.hearHealth`. */
  hearHealth({ report, agoMs }: HealthFound): void {
    const live = this.snapshot.live.get(report.provider)
    const now = this.#parts.clock.now()
    if (live !== undefined) this.vitals.check(live, report, now - agoMs, now)
  }

  /** Where others check, nobody takes back what they said about a provider that is not checked any more. */
  #forgetChecks(): void {
    const { live, config } = this.snapshot
    for (const each of live.values()) {
      if (config.health_check_interval === 0 || each.config.health_check === 'off')
        this.vitals.uncheck(each.name, this.#parts.clock.now())
    }
  }

  #followHealth(): void {
    const { live, config } = this.snapshot
    this.#checks.follow(live, config.health_check_interval * 1000)
  }

  #stopChecks(): void {
    this.#watched = false
    this.#checks.stop()
  }

  #condenser(): Condenser {
    const { clock, random, log, cache, ledger, observeSummary } = this.#parts
    const told = observeSummary && this.#unfailing(observeSummary)
    const broke = (error: unknown) => log.error({ error: this.scrub(String(error)) }, 'unexpected error')
    return new Condenser({
      clock,
      random,
      log,
      shared: cache && unfailingSummaries(cache, broke),
      deployment: this.deployment,
      scrub: this.scrub,
      catalogue: () => this.#catalogue,
      isWell: ({ live }, target) => this.isWell(live.get(target.provider)!, target),
      hold: (snapshot) => this.#generations.hold(snapshot),
      asked: (outcome, { live }) => {
        ledger.innerOutcome(outcome)
        this.vitals.observe(outcome.attempts, live, clock.now())
      },
      reported: (report) => {
        ledger.summary(report)
        told?.(report)
      },
    })
  }

  /** Neither down, nor pausing, nor without a key. */
  isWell(live: LiveProvider, asked: Asked): boolean {
    if (this.vitals.isDown(live.name)) return false
    const known = live.deployments.get(deploymentKey(live, asked))
    if (known === undefined) return true
    const { breaker, cooldown } = known
    if (breaker.state === 'open' || cooldown.remainingMs() > 0) return false
    return live.keys === undefined || live.keys.waitMs(known) === 0
  }

  #healthChecks(): HealthChecks {
    const { clock, random, ledger } = this.#parts
    return new HealthChecks({
      clock,
      random,
      ask: (live, limits) => probe(live, { clock, ...limits }),
      servedAt: (provider) => this.vitals.servedAt(provider),
      checked: (live, report, startedAt) => {
        if (report.verdict === undefined) return
        const { status, reason = status } = report.verdict
        ledger.healthChecked(live.name, status === 'healthy' ? status : reason)
        this.vitals.check(live, report, startedAt, clock.now())
        this.#found?.({ report, agoMs: clock.now() - startedAt })
      },
      left: (provider) => this.vitals.uncheck(provider, clock.now()),
    })
  }

  readonly #listener: DeploymentListener = {
    changed: (provider, entry, worst) => {
      if (!this.#isConfigured(provider, entry)) return
      this.#parts.ledger.breakerChanged(provider, entry, worst)
      this.vitals.mark(this.#parts.clock.now())
    },
    paused: (pause) => {
      if (pause.cause === 'breaker') this.#tellOpened(pause)
      if (pause.cause === 'key') this.#tellRetired(pause)
      this.#parts.peers?.tell(pause)
    },
  }

  #tellOpened({ provider, model, entry, forMs }: SharedPause): void {
    this.#parts.ledger.breakerOpened(provider, entry)
    const seconds = Math.ceil(forMs / 1000)
    this.#parts.log.warn?.({ provider, model, for_seconds: seconds }, 'breaker has opened')
  }

  #tellRetired({ provider, key, forMs }: SharedPause): void {
    const { log, clock } = this.#parts
    const variable = key?.split('#', 1)[0]
    log.warn?.(
      { provider, key_env: variable, for_seconds: Math.round(forMs / 1000) },
      'key refused: not used for now',
    )
    this.vitals.mark(clock.now())
  }

  /** Another gateway has found out what this one would have to find out by failing requests. */
  #hear(pause: SharedPause): void {
    const { provider, model, entry, cause, key, forMs, guessed = false } = pause
    const live = this.snapshot.live.get(provider)
    if (live === undefined || !this.#isConfigured(provider, entry)) return
    const deployment = this.deployment(live, { upstreamModel: model, entry })
    const { breaker, cooldown } = deployment
    // Where there is one key only, it is found out by asking.
    if (key !== undefined) live.keys?.hold(deployment, pause)
    else if (cause === 'breaker') breaker.hold(forMs)
    else if (cause === 'cooldown') cooldown.hold(forMs, guessed)
    // A pause that grows is no change of state.
    this.vitals.mark(this.#parts.clock.now())
  }

  /** A request that began before a reload may still ask a model that is gone. */
  #isConfigured(provider: string, entry: string): boolean {
    const models = this.snapshot.live.get(provider)?.config.models ?? []
    return models.some((configured) => entryOf(configured).id === entry)
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#stopChecks()
    this.condenser.close()
    await this.#closeUpstreams()
  }

  async #closeUpstreams(): Promise<void> {
    await Promise.all([...this.#generations.upstreams()].map((upstream) => upstream.destroy()))
  }
}

const unheard: DeploymentListener = { changed: () => undefined, paused: () => undefined }

function catalogueOf({ config }: Snapshot, clock: Clock, before?: ModelCatalogue): ModelCatalogue {
  return new ModelCatalogue(clock, config.models_ttl * 1000, before)
}

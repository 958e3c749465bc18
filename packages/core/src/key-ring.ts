import type { Provider } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import type { LiveDeployment } from './live-provider.ts'
import type { SharedPause } from './peers.ts'
import type { ConfiguredKey } from './plugins/create-provider.ts'
import { cooldownMs } from './resilience/cooldown.ts'
import { credentialsExhausted } from './resilience/credentials.ts'
import { keyRule } from './resilience/fault-table.ts'
import { type HereLease, KeyHere } from './resilience/key-here.ts'
import { KeyState, retirementMs } from './resilience/key-state.ts'

/** One of several keys of a provider. */
export interface Key {
  /** Stands for the key wherever it is shown. */
  readonly name: string
  readonly digest: string
  /** Stands for it among gateways, where one may have another value under the same name. */
  readonly tag: string
  readonly provider: Provider
  readonly state: KeyState
}

/** The key of one attempt, and what authorizes with it. */
export interface TakenKey {
  readonly name: string
  readonly tag: string
  readonly provider: Provider
  readonly at: KeyHere
  readonly lease: HereLease
}

/**
 * `active`: some model is asked with it. `ready`: it takes over. `resting`: rate limited, or refused, for some model. `retired`: refused,
 * or out of credit.
 */
export interface KeyLine {
  readonly name: string
  readonly state: 'active' | 'ready' | 'resting' | 'retired'
  /** Until a resting key is ready for each of its models, or a retired one is tried. */
  readonly forMs?: number
}

/** What is said of one key at one deployment. */
export type KeyPause = Pick<SharedPause, 'cause' | 'key' | 'forMs' | 'guessed'>

/** Which of the keys a deployment is asked with, and what it knows of each: rate limits are those of a key and a model. */
interface KeyUse {
  current: KeyState | undefined
  readonly known: WeakMap<KeyState, KeyHere>
  tell: ((pause: KeyPause) => void) | undefined
}

/**
 * The keys of a provider that has several. A deployment stays with its key until an error rotates it, since vendors keep what they
 * have read of a prompt for each key. A key that is refused is retired for all deployments, or for one when that may be why; one that
 * is rate limited rests for one.
 * State belongs to the value of a key: a ring that replaces another one keeps what is known of the keys that both have.
 */
export class KeyRing {
  /** In the order of the configuration. */
  readonly keys: readonly Key[]
  /** It has a key of the ring that it replaces. Breakers count nothing that is the fault of one key, so they go on with it. */
  readonly goesOn: boolean
  readonly #clock: Clock
  readonly #uses: WeakMap<LiveDeployment, KeyUse>

  constructor(keys: readonly ConfiguredKey[], clock: Clock, before?: KeyRing) {
    this.#clock = clock
    const known = new Map((before?.keys ?? []).map(({ digest, state }) => [digest, state]))
    this.keys = keys.map((key) => ({
      ...key,
      tag: keyTag(key),
      state: known.get(key.digest) ?? new KeyState(clock),
    }))
    this.goesOn = keys.some(({ digest }) => known.has(digest))
    this.#uses = before === undefined ? new WeakMap() : before.#uses
  }

  /** `tell`: called when a key of the deployment rests or is retired, by what was seen here. `undefined`: nobody is told any more. */
  listen(deployment: LiveDeployment, tell: ((pause: KeyPause) => void) | undefined): void {
    this.#useOf(deployment).tell = tell
  }

  /** The key for an attempt, which is settled with it, or why none can be used now. `alone`: see `closedReason()`. */
  take(deployment: LiveDeployment, alone: boolean): TakenKey | AttemptFault {
    const use = this.#useOf(deployment)
    const key = this.#usable(use, alone)
    if (key === undefined) return this.#none(deployment)
    use.current = key.state
    const { name, tag, provider } = key
    const at = this.#at(use, key)
    return { name, tag, provider, at, lease: at.lease() }
  }

  /** Why none of the keys can be used for the deployment now; `undefined`: one can. Looks only. */
  closed(deployment: LiveDeployment, alone: boolean): AttemptFault | undefined {
    const key = this.#usable(this.#useOf(deployment), alone)
    return key === undefined ? this.#none(deployment) : undefined
  }

  #none(deployment: LiveDeployment): AttemptFault {
    const retryAfterMs = this.waitMs(deployment)
    const use = this.#useOf(deployment)
    if (this.keys.every((key) => this.#at(use, key).refused)) return credentialsExhausted(retryAfterMs)
    const message = 'each key of the provider that is not refused pauses after a rate limit'
    return { kind: 'rate_limit', code: 'cooling_down', retryAfterMs, message }
  }

  /** The key of an attempt that is not over yet was accepted. */
  accepted({ at, lease }: TakenKey): void {
    at.accepted(lease)
  }

  /** What an attempt has shown about its key. True: another key can be used now, at once. */
  settle(deployment: LiveDeployment, taken: TakenKey, fault: AttemptFault | undefined): boolean {
    const use = this.#useOf(deployment)
    const { at, lease, tag: key } = taken
    const rule = fault === undefined ? 'none' : keyRule(fault)
    // Limits are told to those whose key is accepted.
    if (fault === undefined || rule === 'rest') at.accepted(lease)
    if (fault === undefined || rule === 'none') return false
    const forMs = pauseMs(fault)
    if (rule === 'retire') {
      if (at.everywhere.refused(lease.everywhere, forMs)) use.tell?.({ cause: 'key', key, forMs })
    } else if (rule === 'refuse') {
      // To the others it is a pause, of which nobody knows how long it must be.
      if (at.here.refused(lease.here, forMs)) use.tell?.({ cause: 'cooldown', key, forMs, guessed: true })
    } else if (forMs > 0) at.rest.start(forMs, fault.retryAfterMs === undefined)
    const next = this.#free(use)
    // What has begun at the vendor would be paid for twice, with whatever key.
    return next !== undefined && next.state !== at.everywhere && fault.jobBegun !== true
  }

  /** Milliseconds until a key can be used for the deployment, or tried; 0: now. */
  waitMs(deployment: LiveDeployment): number {
    const use = this.#useOf(deployment)
    return Math.min(...this.keys.map((key) => this.#at(use, key).waitMs()))
  }

  /**
   * How long the vendor asked to wait for the key that rests shortest; `undefined`: that is a guess of ours, or some key can be used now.
   */
  hintMs(deployment: LiveDeployment): number | undefined {
    if (this.waitMs(deployment) === 0) return undefined
    const use = this.#useOf(deployment)
    const [shortest] = this.#resting(use)
    if (shortest === undefined) return undefined
    const { rest } = this.#at(use, shortest)
    return rest.guessed ? undefined : rest.remainingMs()
  }

  /** No key is accepted, for whatever model. */
  get exhausted(): boolean {
    return this.keys.every(({ state }) => state.retired)
  }

  /** What another gateway has found out about a key. */
  hold(deployment: LiveDeployment, { cause, key: tag, forMs, guessed = false }: KeyPause): void {
    const key = this.keys.find((each) => each.tag === tag)
    if (key === undefined) return
    if (cause === 'key') key.state.hold(forMs)
    else this.#at(this.#useOf(deployment), key).rest.hold(forMs, guessed)
  }

  /** Milliseconds until some key may be used for anything, or tried; 0: now. */
  get retiredMs(): number {
    return Math.min(...this.keys.map(({ state }) => state.waitMs()))
  }

  /** For requests that belong to no deployment, such as health checks: the keys that are accepted, then those that are tried soonest. */
  get best(): readonly Key[] {
    const wait = ({ state }: Key) => (state.retired ? 1 + state.waitMs() : 0)
    return this.keys.toSorted((left, right) => wait(left) - wait(right))
  }

  /** In the order of the configuration. `deployments`: of the provider. */
  lines(deployments: Iterable<LiveDeployment>): readonly KeyLine[] {
    const known = [...deployments].map((deployment) => this.#useOf(deployment))
    const uses = known.length > 0 ? known : [unused()]
    const active = new Set(uses.map((use) => this.#free(use)?.state))
    return this.keys.map((key) => {
      const { name, state } = key
      if (state.retired) return { name, state: 'retired', forMs: state.waitMs() }
      if (active.has(state)) return { name, state: 'active' }
      const forMs = Math.max(0, ...uses.map((use) => this.#at(use, key).waitMs()))
      return forMs > 0 ? { name, state: 'resting', forMs } : { name, state: 'ready' }
    })
  }

  #usable(use: KeyUse, alone: boolean): Key | undefined {
    return this.#free(use) ?? (alone ? this.#guessed(use) : undefined)
  }

  /** The current key while it can be used, else the next that can; before one that must be tried come all that are accepted. */
  #free(use: KeyUse): Key | undefined {
    const inTurn = this.#inTurn(use).filter((key) => this.#at(use, key).waitMs() === 0)
    return inTurn.find((key) => !this.#at(use, key).refused) ?? inTurn[0]
  }

  /** Of the keys that rest for a time of our choice, the one that has rested longest. */
  #guessed(use: KeyUse): Key | undefined {
    return this.#resting(use).find((key) => this.#at(use, key).rest.guessed)
  }

  /** Those that are accepted and rest, the shortest first. */
  #resting(use: KeyUse): readonly Key[] {
    const until = (key: Key) => this.#at(use, key).rest.until
    return this.#inTurn(use)
      .filter((key) => this.#at(use, key).rests && !this.#at(use, key).refused)
      .toSorted((left, right) => until(left) - until(right))
  }

  #inTurn({ current }: KeyUse): readonly Key[] {
    const position = this.keys.findIndex(({ state }) => state === current)
    return position <= 0 ? this.keys : [...this.keys.slice(position), ...this.keys.slice(0, position)]
  }

  #useOf(deployment: LiveDeployment): KeyUse {
    let use = this.#uses.get(deployment)
    if (use === undefined) {
      use = unused()
      this.#uses.set(deployment, use)
    }
    return use
  }

  #at(use: KeyUse, { state, tag }: Key): KeyHere {
    let here = use.known.get(state)
    if (here === undefined) {
      here = new KeyHere(state, this.#clock)
      here.rest.onStart = (forMs, guessed) => use.tell?.({ cause: 'cooldown', key: tag, forMs, guessed })
      use.known.set(state, here)
    }
    return here
  }
}

/** `NAME#3fa91c2b`: a part of the digest tells values apart, and tells nothing about them. */
function keyTag({ name, digest }: ConfiguredKey): string {
  return `${name}#${digest.slice(0, 8)}`
}

/** Another key answers meanwhile, so there is no hurry to ask with one again whose account is empty. */
function pauseMs(fault: AttemptFault): number {
  return fault.kind === 'rate_limit' ? cooldownMs(fault) : (fault.retryAfterMs ?? retirementMs)
}

function unused(): KeyUse {
  return { current: undefined, known: new WeakMap(), tell: undefined }
}

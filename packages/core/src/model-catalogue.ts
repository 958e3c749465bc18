import type { ModelList } from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import { parseBytes } from './exchange/classify.ts'
import { prepareAlone } from './exchange/prepare.ts'
import { type LiveProvider, withBestKey } from './live-provider.ts'
import { answeredAt, mostMembers } from './probe.ts'
import { entryOf } from './routing/route-target.ts'

/** Milliseconds that a client who asks for the model list waits for the vendors at most. */
const patienceMs = 5_000
/** Milliseconds before a vendor that failed is asked again. */
const retryAfterMs = 30_000
/** Ids of one vendor; more are cut. */
const mostIds = 5_000

const noWindows: ReadonlyMap<string, number> = new Map()

/** What a vendor's list says. */
interface Listed {
  readonly ids: readonly string[]
  readonly windows: ReadonlyMap<string, number>
}

interface Known {
  /** Of the provider: what its address and its key have told. */
  readonly identity: string
  ids: readonly string[] | undefined
  /** Tokens by the vendor's id. */
  windows: ReadonlyMap<string, number>
  /** `clock.now()` from when on the list is asked for again. */
  staleAt: number
  asking: Promise<void> | undefined
}

/**
 * What vendors' model lists say: which models they have for the patterns of the configuration (`gpt-*`), and how much context their
 * models can take. Asked for when a client wants the model list or somebody wants a window, kept for `ttlMs`. A vendor that does
 * not answer keeps its last list. Clients cannot make it ask more often than that.
 */
export class ModelCatalogue {
  readonly #clock: Clock
  readonly #ttlMs: number
  readonly #known = new Map<string, Known>()
  readonly #knownBefore: ReadonlyMap<string, Known> | undefined

  /**
   * `ttlMs` 0: vendors are never asked. `before`: the one of the configuration until now, whose windows hold until the lists have been
   * asked for again, where providers are the same.
   */
  constructor(clock: Clock, ttlMs: number, before?: ModelCatalogue) {
    this.#clock = clock
    this.#ttlMs = ttlMs
    this.#knownBefore = before === undefined ? undefined : before.#known
  }

  /**
   * Asks for every list that is stale. Waits for those that are not known at all; the others are served as they were. Never
   * rejects.
   */
  async refresh(providers: Iterable<LiveProvider>): Promise<void> {
    if (this.#ttlMs === 0) return
    const due = [...providers].flatMap((live) => this.#refresh(live) ?? [])
    if (due.length > 0) await Promise.all(due)
  }

  /** The ids that the vendor has for the provider's patterns. */
  ids(live: LiveProvider): readonly string[] {
    return this.#known.get(live.name)?.ids ?? []
  }

  /** Tokens that the model can take, when the vendor's list has said so. `upstreamModel`: the vendor's id. */
  window(live: LiveProvider, upstreamModel: string): number | undefined {
    return this.#known.get(live.name)?.windows.get(upstreamModel)
  }

  /** Asks for the list of a provider that tells of windows, when it is not known or stale. Nobody waits for it. */
  refreshInBackground(live: LiveProvider): void {
    if (this.#ttlMs > 0 && live.provider.models?.windows !== undefined) this.#due(live)
  }

  #refresh(live: LiveProvider): Promise<void> | undefined {
    if (live.provider.models === undefined || patternsOf(live).every(({ renamed }) => renamed))
      return undefined
    const known = this.#due(live)
    return known.ids === undefined ? known.asking : undefined
  }

  /** What is known, and asked for again when it is stale. */
  #due(live: LiveProvider): Known {
    let known = this.#known.get(live.name)
    if (known === undefined) {
      const { identity } = live
      const before = this.#knownBefore?.get(live.name)
      const windows = before?.identity === identity ? before.windows : noWindows
      known = { identity, ids: undefined, windows, staleAt: -Infinity, asking: undefined }
      this.#known.set(live.name, known)
    }
    if (this.#clock.now() >= known.staleAt) known.asking ??= this.#ask(live, known)
    return known
  }

  async #ask(live: LiveProvider, known: Known): Promise<void> {
    const found = await listed(live, this.#clock)
    known.ids = found?.ids ?? known.ids ?? []
    known.windows = found?.windows ?? known.windows
    known.staleAt =
      this.#clock.now() + (found === undefined ? Math.min(retryAfterMs, this.#ttlMs) : this.#ttlMs)
    known.asking = undefined
  }
}

/** What the vendor answers; `undefined` when it did not. */
async function listed(given: LiveProvider, clock: Clock): Promise<Listed | undefined> {
  const live = withBestKey(given)
  const { models } = live.provider
  try {
    const { headers } = live
    const baseUrl = models!.baseUrl ?? live.baseUrl
    const request = prepareAlone(models!.request(), { operation: 'models', baseUrl, headers })
    const answer = await answeredAt(models!.baseUrl, live, request, {
      clock,
      timeoutMs: patienceMs,
    })
    if ('kind' in answer || answer.status !== 200) return undefined
    const body = parseBytes(answer.bytes, mostMembers)
    return { ids: coveredIds(live, models!.response(body)), windows: windowsOf(models!, body) }
  } catch {
    // A list that cannot be read is one that was not given.
    return undefined
  }
}

function coveredIds(live: LiveProvider, ids: readonly unknown[]): readonly string[] {
  const patterns = patternsOf(live)
  const covered = ids.filter(
    (id): id is string => isId(id) && patterns.find(({ prefix }) => id.startsWith(prefix))?.renamed === false,
  )
  return [...new Set(covered)].slice(0, mostIds)
}

/** Of every model in the list: names are renamed, and others than those that are configured can be asked for. */
function windowsOf(models: ModelList, body: unknown): ReadonlyMap<string, number> {
  try {
    const told: readonly (readonly [string, unknown])[] = Object.entries(models.windows?.(body) ?? {})
    const usable = told.filter((entry): entry is [string, number] => isId(entry[0]) && isWindow(entry[1]))
    return new Map(usable.slice(0, mostIds))
  } catch {
    // The names in the list are of use without.
    return noWindows
  }
}

function isWindow(tokens: unknown): boolean {
  return Number.isSafeInteger(tokens) && (tokens as number) > 0
}

function isId(id: unknown): id is string {
  return typeof id === 'string' && id !== '' && id.length <= 256
}

interface Pattern {
  readonly prefix: string
  /** The names that it covers are not the vendor's. */
  readonly renamed: boolean
}

/** The most precise first, as in routing: what is renamed by it is not what a wider one would send. */
function patternsOf(live: LiveProvider): readonly Pattern[] {
  return live.config.models
    .map(entryOf)
    .filter(({ id }) => id.endsWith('*'))
    .map(({ id, upstream }) => ({ prefix: id.slice(0, -1), renamed: upstream !== undefined }))
    .toSorted((left, right) => right.prefix.length - left.prefix.length)
}

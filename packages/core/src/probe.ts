import {
  type Call,
  type FailedResponse,
  type HealthVerdict,
  healthVerdict,
  openaiFault,
  type PreparedRequest,
} from '@llmproxy/provider-kit'
import type { Clock } from './clock.ts'
import { type Answer, ask, type AskedUpstream } from './exchange/ask.ts'
import { classify, parseBytes, thrownFault } from './exchange/classify.ts'
import { prepare, prepareAlone } from './exchange/prepare.ts'
import type { AttemptFault } from './exchange/transfer.ts'
import type { ProbeKind, ProbeReport } from './health/probe-report.ts'
import { type LiveProvider, withKey } from './live-provider.ts'
import { entryOf } from './routing/route-target.ts'

export type { ProbeKind, ProbeReport } from './health/probe-report.ts'

/** Bytes: model lists of aggregators are long, and nothing else is. */
const answerLimit = 16 * 1024 * 1024
/** Objects, arrays and members of such an answer: a thousand models with a thousand members each. */
export const mostMembers = 1_000_000

/** What bounds a request outside of any client's. */
export interface ProbeLimits {
  readonly clock: Clock
  /** Milliseconds for all of it. */
  readonly timeoutMs: number
  /** Nobody wants to know any more. */
  readonly signal?: AbortSignal
}

/** Asks one provider whether it is well, with one of its keys that is accepted. Never rejects. */
export async function probe(live: LiveProvider, limits: ProbeLimits): Promise<ProbeReport> {
  const { clock, timeoutMs } = limits
  const [first, ...others] = live.keys?.best ?? []
  if (first === undefined) return probeOnce(live, limits)
  const startedAt = clock.now()
  let report = await probeOnce(withKey(live, first), limits)
  for (const key of others) {
    // Requests retire keys, for what a health check is refused they may be granted.
    const leftMs = timeoutMs - (clock.now() - startedAt)
    if (report.verdict?.reason !== 'configuration' || leftMs <= 0) break
    report = await probeOnce(withKey(live, key), { ...limits, timeoutMs: leftMs })
  }
  return report
}

/** The same with each of its keys, when it has several. */
export function probeKeys(live: LiveProvider, limits: ProbeLimits): Promise<ProbeReport>[] {
  if (live.keys === undefined) return [probeOnce(live, limits)]
  return live.keys.keys.map(async (key) => ({
    ...(await probeOnce(withKey(live, key), limits)),
    key: key.name,
  }))
}

async function probeOnce(live: LiveProvider, limits: ProbeLimits): Promise<ProbeReport> {
  const { clock } = limits
  const kind = live.config.health_check
  const startedAt = clock.now()
  const report = { provider: live.name, type: live.type, kind }
  let request
  try {
    request =
      kind === 'off'
        ? 'health_check is off'
        : kind === 'free'
          ? freeRequest(live)
          : generateRequest(live, clock)
  } catch (error) {
    return { ...report, verdict: verdictOfFault(thrownFault(error)), durationMs: 0 }
  }
  if (typeof request === 'string') return { ...report, skipped: request, durationMs: 0 }
  const elsewhere = kind === 'free' ? live.provider.health?.baseUrl : undefined
  const result = await answeredAt(elsewhere, live, request, limits)
  const durationMs = clock.now() - startedAt
  if ('kind' in result) return { ...report, verdict: verdictOfFault(result), durationMs }
  return { ...report, verdict: verdictOf(live, result, kind), answered: result.status, durationMs }
}

/**
 * The answer to one request outside of any client's, within `limits`. `baseUrl`: where the request goes when that is not the
 * provider's own.
 */
export function answeredAt(
  baseUrl: string | undefined,
  live: AskedUpstream,
  request: PreparedRequest,
  limits: ProbeLimits,
): Promise<Answer | AttemptFault> {
  if (baseUrl === undefined || live.upstream === undefined) return answered(live, request, limits)
  const origin = URL.parse(baseUrl)?.origin
  if (origin === live.origin) return answered(live, request, limits)
  if (origin === undefined || origin === 'null') {
    const message = `${JSON.stringify(baseUrl)} of the provider is no http or https URL`
    return Promise.resolve({ kind: 'bad_response', message })
  }
  const { provider, elsewhere } = live
  return answered({ provider, origin, upstream: elsewhere, elsewhere }, request, limits)
}

const unwanted: AttemptFault = { kind: 'cancelled', message: 'nobody wants to know any more' }

function answered(
  live: AskedUpstream,
  request: PreparedRequest,
  limits: ProbeLimits,
): Promise<Answer | AttemptFault> {
  const { clock, timeoutMs, signal } = limits
  if (signal?.aborted === true) return Promise.resolve(unwanted)
  return new Promise((resolve) => {
    const settle = (result: Answer | AttemptFault) => {
      clock.cancel(timer)
      signal?.removeEventListener('abort', drop)
      resolve(result)
    }
    const end = (fault: AttemptFault) => {
      asking.abort()
      settle(fault)
    }
    const drop = () => end(unwanted)
    const timer = clock.after(timeoutMs, () =>
      end({ kind: 'timeout', message: `the upstream did not answer within ${timeoutMs / 1000} s` }),
    )
    signal?.addEventListener('abort', drop)
    const asking = ask({ live, request, clock, limit: answerLimit }, settle)
  })
}

function freeRequest(live: LiveProvider) {
  const { health } = live.provider
  if (health === undefined) return 'this provider has no free health request'
  const { baseUrl, headers } = live
  return prepareAlone(health.request(), { operation: 'health', baseUrl: health.baseUrl ?? baseUrl, headers })
}

/** The specification's minimal request: it costs a few tokens. */
function generateRequest(live: LiveProvider, clock: Clock) {
  const codec = live.codecs.chat
  const entry = live.config.models.map(entryOf).find(({ id, upstream }) => !(upstream ?? id).endsWith('*'))
  if (codec === undefined) return 'this provider has no chat, which a generating health check needs'
  if (entry === undefined)
    return 'no model is configured by its full name, which a generating health check needs'
  const model = entry.upstream ?? entry.id
  const body = { model, messages: [{ role: 'user', content: 'Hi' }], max_tokens: 1 }
  const call: Call = {
    id: 'health',
    created: Math.floor(clock.epoch() / 1000),
    model,
    stream: false,
    body,
    headers: {},
    dropped: () => undefined,
  }
  const ingress = {
    id: 'health',
    operation: 'chat',
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    headers: {},
    startedAt: clock.now(),
  } as unknown as Parameters<typeof prepare>[0]['ingress']
  const { baseUrl, headers } = live
  return prepare({ operation: 'chat', baseUrl, codec, call, ingress, headers, askUsage: false })
}

function verdictOf({ provider }: LiveProvider, answer: Answer, kind: ProbeKind): HealthVerdict {
  const text = answer.bytes.toString('utf8', 0, 65_536)
  const body = parseBytes(answer.bytes, mostMembers)
  const { status, headers } = answer
  const seen = { status, headers, body, text }
  const failed: FailedResponse = { ...seen, inBand: false }
  try {
    const own = kind === 'free' ? provider.health?.verdict?.(seen) : undefined
    return own ?? healthVerdict(seen, status >= 400 ? classify(provider, failed) : openaiFault(failed))
  } catch {
    return {
      status: 'unhealthy',
      reason: 'bad_response',
      message: 'the health check’s answer could not be read',
    }
  }
}

function verdictOfFault({ kind, message }: AttemptFault): HealthVerdict {
  return { status: 'unhealthy', reason: kind === 'authentication' ? 'configuration' : kind, message }
}

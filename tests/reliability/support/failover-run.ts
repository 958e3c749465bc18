import type { GatewayConfigInput } from '@llmproxy/core'
import { ask, type Reply } from './client.ts'
import type { FailoverCase, Seen } from './failover-cases.ts'
import { type FailoverUpstream, failoverUpstream, modelName, providerName } from './failover-upstream.ts'
import { type Fields, type Proxy, startProxy } from './proxy.ts'
import { errorOf, flawsOf } from './reply-flaws.ts'
import type { AskedFor } from './upstream-faults.ts'

/** Cases under way at the same time: their timers must not wait for the CPU of hundreds of others. */
const abreast = 32

interface Sources {
  readonly reply: Reply
  readonly lines: readonly Fields[]
  readonly upstream: FailoverUpstream
  /** By provider, as the metrics count them. */
  readonly attempts: ReadonlyMap<string, number>
}

/** Asks for every case at one gateway, many at a time. `ask` gets the address of the gateway and the model of the case. */
export async function askAll<Result>(
  cases: readonly FailoverCase[],
  settings: GatewayConfigInput,
  ask: (url: string, model: string, asked: AskedFor) => Promise<Result>,
): Promise<{
  readonly upstream: FailoverUpstream
  readonly proxy: Proxy
  readonly results: readonly Result[]
}> {
  const upstream = await failoverUpstream(cases)
  const proxy = await startProxy({ ...settings, providers: upstream.providers })
  const results: Result[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < cases.length; index = next++)
      results[index] = await ask(proxy.url, modelName(index), cases[index]!.asked)
  }
  await Promise.all(Array.from({ length: abreast }, work))
  return { upstream, proxy, results }
}

/** Asks for every case, and tells by its name what was seen. */
export async function runFailover(
  cases: readonly FailoverCase[],
  settings: GatewayConfigInput = {},
): Promise<Readonly<Record<string, Seen>>> {
  const { upstream, proxy, results } = await askAll(cases, settings, (url, model, { operation, streamed }) =>
    ask(url, operation, { model, ...(streamed ? { stream: true } : {}) }),
  )
  const attempts = await attemptsOf(proxy)
  const seen = cases.map((each, index) => {
    const lines = proxy.requests.filter(({ model }) => model === modelName(index))
    return [each.name, seenOf(each, index, { reply: results[index]!, lines, upstream, attempts })]
  })
  return Object.fromEntries(seen) as Record<string, Seen>
}

function seenOf({ asked, route }: FailoverCase, index: number, sources: Sources): Seen {
  const { reply, lines, upstream, attempts } = sources
  const flaws = flawsOf(reply, asked)
  if (lines.length !== 1) flaws.push(`${lines.length} lines in the log`)
  const calls = route.map((behaviour, position) => {
    const name = providerName(index, position)
    const counted = attempts.get(name) ?? 0
    const requests = upstream.requests(name)
    if ((behaviour === 'well' || behaviour.play !== undefined) && requests.length !== counted)
      flaws.push(`${counted} attempts, but ${requests.length} requests at ${name}`)
    if (requests.some(({ body }) => !body.includes(`"model":"${modelName(index)}"`)))
      flaws.push(`another request at ${name}`)
    return counted
  })
  return {
    answer: answerOf(reply),
    attempts: String(reply.headers['x-llmproxy-attempts']),
    calls,
    ending: String(lines[0]?.['ending']),
    wait: waitOf(reply),
    flaws,
  }
}

function answerOf(reply: Reply): string {
  const error = errorOf(reply)
  if (error !== undefined)
    return `${reply.status}${reply.status === 200 ? ', then' : ''} ${String(error['code'])}`
  return `answer of the ${String(reply.headers['x-llmproxy-provider']).split('-')[1]}`
}

function waitOf({ status, headers }: Reply): string {
  if (status === 200) return 'not said'
  const again = headers['x-should-retry']
  return `${headers['retry-after'] ?? 'no wait'}, ${again === undefined ? 'may come back' : `x-should-retry: ${String(again)}`}`
}

/** `llmproxy_attempts_total`, all faults of a provider together. */
async function attemptsOf({ url }: Proxy): Promise<ReadonlyMap<string, number>> {
  const text = await (await fetch(`${url}/metrics`, { headers: { accept: 'text/plain' } })).text()
  const counts = new Map<string, number>()
  for (const [, provider, count] of text.matchAll(
    /^llmproxy_attempts_total\{provider="([^"]+)"[^}]*\} (\d+)$/gm,
  ))
    counts.set(provider!, (counts.get(provider!) ?? 0) + Number(count))
  return counts
}

import { isObject, parseJson, tokenNumbers } from '@llmproxy/provider-kit'
import type { AttemptFault } from '../exchange/transfer.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { Outcome } from '../metrics/outcome.ts'
import { RequestRun } from '../request-run.ts'
import type { RouteTarget } from '../routing/route-target.ts'
import { type Served, serve, type Serving } from '../serve.ts'
import { CollectedAnswer } from './collected-answer.ts'
import { AskFailed, AskOverflow, type SummaryAnswer, type SummaryMessage } from './summary-io.ts'

/** One request for a summary. */
export interface SummaryCall {
  readonly messages: readonly SummaryMessage[]
  /** Tokens of the answer. */
  readonly maxTokens: number
  /** Of the gateway's own. */
  readonly id: string
  readonly caller: string
  /** `clock.now()`. */
  readonly deadlineAt: number
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal
}

export interface AskParts {
  readonly serving: Omit<Serving, 'targets'>
  readonly targets: readonly RouteTarget[]
  readonly scrub: (text: string) => string
  /** Each request, however it ended. */
  readonly asked: (outcome: Outcome) => void
}

/**
 * Asks for one summary as if a client had: with the breakers, retries, keys and limits of any request, but within its own time.
 * Rejects with {@link AskFailed} or {@link AskOverflow}.
 */
export async function askSummary(call: SummaryCall, parts: AskParts): Promise<SummaryAnswer> {
  const { serving, targets, scrub } = parts
  if (call.signal.aborted) throw new AskFailed('cancelled')
  if (targets.length === 0) throw new AskFailed('failed')
  const { clock } = serving
  const now = clock.now()
  // 0 would be no limit.
  if (now >= call.deadlineAt) throw new AskFailed('timeout')
  const egress = new CollectedAnswer()
  const { config } = serving.snapshot
  const ingress = ingressOf(call, targets[0]!, now)
  const settings = {
    ...config,
    request_timeout: (call.deadlineAt - now) / 1000,
    stream_continuation: false,
    proxy_info: false,
  }
  const run = new RequestRun({ ingress, egress, settings, clock, scrub })
  const leave = () => egress.leave()
  call.signal.addEventListener('abort', leave, { once: true })
  let served: Served
  try {
    served = await serve(run, targets, { ...serving, targets })
  } finally {
    call.signal.removeEventListener('abort', leave)
  }
  const outcome = run.outcome(0)
  parts.asked({ ...outcome, model: entryOf(outcome, targets) })
  if (served.kind !== 'answered') throw failed(served.fault, run)
  const { usage } = outcome
  return {
    ...summaryIn(egress.text()),
    inputTokens: usage?.input ?? null,
    outputTokens: usage?.output ?? null,
  }
}

function ingressOf({ messages, maxTokens, id, caller }: SummaryCall, target: RouteTarget, startedAt: number) {
  const body = { model: target.upstreamModel, messages, max_tokens: maxTokens, stream: false }
  const ingress: Ingress = {
    id,
    operation: 'chat',
    bytes: Buffer.from(JSON.stringify(body)),
    body,
    caller,
    headers: {},
    startedAt,
  }
  return ingress
}

/** Its name in the configuration: metrics have no other. */
function entryOf({ provider, upstreamModel }: Outcome, targets: readonly RouteTarget[]): string {
  const asked = targets.find(
    (target) => target.provider === provider && target.upstreamModel === upstreamModel,
  )
  return (asked ?? targets[0]!).entry
}

/** The text of a chat answer. One that says nothing, or refuses, is no summary: it has none, and is paid for all the same. */
function summaryIn(answer: string): Pick<SummaryAnswer, 'text' | 'isCut'> {
  const body = parseJson(answer)
  const choices: unknown = isObject(body) ? body['choices'] : undefined
  const choice: unknown = Array.isArray(choices) ? choices[0] : undefined
  const message = isObject(choice) ? choice['message'] : undefined
  const content = isObject(message) ? message['content'] : undefined
  const ending = isObject(choice) ? choice['finish_reason'] : undefined
  const text = typeof content === 'string' && ending !== 'content_filter' ? content.trim() : ''
  return ending === 'length' ? { text, isCut: true } : { text }
}

function failed(fault: AttemptFault | undefined, run: RequestRun): Error {
  if (run.cancelled !== undefined) return new AskFailed('cancelled')
  if (fault?.kind === 'context_length') return new AskOverflow(tokenNumbers(fault.message))
  return new AskFailed(fault?.phase === 'total' ? 'timeout' : 'failed')
}

import { GatewayError } from '@llmproxy/core'
import { limitDuration, type OperationName } from '@llmproxy/provider-kit'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { RateLimits } from '../rate-limits.ts'
import type { Standing, Unknown, Verdict } from '../store/counter.ts'
import { anonymous } from './auth.ts'

/** Counts each authenticated request against its caller's limits, before the body is read. */
export function limitRates(
  app: FastifyInstance,
  limits: RateLimits,
  refused: (operation: OperationName) => void,
): void {
  /** The error that ends the request, or nothing. */
  const judge = (
    request: FastifyRequest,
    reply: FastifyReply,
    verdict: Verdict,
  ): GatewayError | undefined => {
    const { operation } = request.routeOptions.config
    // What tells of the gateway is needed most when something that it depends on is away.
    if ('unknown' in verdict) return operation === undefined ? undefined : limitsUnknown(verdict)
    if (operation !== undefined || verdict.refused) answerStanding(reply, verdict)
    if (!verdict.refused) return undefined
    if (operation !== undefined) refused(operation)
    return limitReached(verdict, request.caller)
  }
  app.addHook('onRequest', (request, reply, proceed) => {
    const { access, operation } = request.routeOptions.config
    if (access === 'open') return proceed()
    const verdict = limits.take(request.caller, operation)
    if (verdict === undefined) return proceed()
    if (!(verdict instanceof Promise)) return proceed(judge(request, reply, verdict))
    void verdict.then((told) => proceed(judge(request, reply, told)))
  })
}

function answerStanding(reply: FastifyReply, standing: Standing): void {
  reply.header('x-ratelimit-limit-requests', String(standing.limit))
  reply.header('x-ratelimit-remaining-requests', String(standing.remaining))
  reply.header('x-ratelimit-reset-requests', limitDuration(standing.resetMs))
}

function limitReached({ limit, resetMs, setting }: Standing, caller: string): GatewayError {
  const whose = caller === anonymous ? 'clients without a key' : 'this key'
  return new GatewayError(
    429,
    'rate_limit_error',
    `The limit of ${limit} requests of ${whose} (${setting}) is reached; it starts anew in ${limitDuration(resetMs)}.`,
    { code: 'rate_limit_exceeded', headers: { 'retry-after': wholeSeconds(resetMs) } },
  )
}

// Nothing was tried for this request, so clients may come back by themselves: no `x-should-retry: false`.
function limitsUnknown({ retryAfterMs }: Unknown): GatewayError {
  return new GatewayError(
    503,
    'service_unavailable_error',
    'The rate limits of this key cannot be looked up at the moment, and the gateway is set to refuse requests then (redis_failure: fail_closed).',
    { code: 'rate_limit_unavailable', headers: { 'retry-after': wholeSeconds(retryAfterMs) } },
  )
}

function wholeSeconds(milliseconds: number): string {
  return String(Math.max(1, Math.ceil(milliseconds / 1000)))
}

import { GatewayError } from '@llmproxy/core'
import { limitDuration, type OperationName } from '@llmproxy/provider-kit'
import type { FastifyInstance, FastifyReply } from 'fastify'
import type { RateLimits, Standing } from '../rate-limits.ts'
import { anonymous } from './auth.ts'

/** Counts each authenticated request against its caller's limits, before the body is read. */
export function limitRates(
  app: FastifyInstance,
  limits: RateLimits,
  refused: (operation: OperationName) => void,
): void {
  app.addHook('onRequest', async (request, reply) => {
    const { access, operation } = request.routeOptions.config
    if (access === 'open') return
    const standing = await limits.take(request.caller, operation)
    if (standing === undefined) return
    if (operation !== undefined || standing.refused) answerStanding(reply, standing)
    if (!standing.refused) return
    if (operation !== undefined) refused(operation)
    throw limitReached(standing, request.caller)
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
    {
      code: 'rate_limit_exceeded',
      headers: { 'retry-after': String(Math.max(1, Math.ceil(resetMs / 1000))) },
    },
  )
}

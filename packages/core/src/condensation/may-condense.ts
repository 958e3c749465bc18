import type { GatewayConfig } from '../config/schema.ts'
import type { RequestRun } from '../request-run.ts'
import { promptOf } from './prompt-text.ts'

/** Says that the client wants the error, and has ways of its own. */
const refusal = /^(?:off|false|no|0)$/i

/** Whether a request that does not fit is condensed: a conversation or a text, streamed only where that is switched on. */
export function mayCondense(
  { ingress, stream }: Pick<RequestRun, 'ingress' | 'stream'>,
  { condensation }: Pick<GatewayConfig, 'condensation'>,
): boolean {
  if (condensation?.enabled !== true || (stream && !condensation.streaming)) return false
  const { operation, body, headers } = ingress
  if (refusal.test(headers['x-llmproxy-condense'] ?? '')) return false
  if (operation === 'chat') return Array.isArray(body['messages'])
  return operation === 'completions' && promptOf(body) !== undefined
}

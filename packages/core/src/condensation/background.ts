import type { GatewayConfig } from '../config/schema.ts'
import type { Ingress } from '../ingress/ingress.ts'
import type { RequestRun } from '../request-run.ts'
import type { Serving } from '../serve.ts'
import { largerModels } from './larger-models.ts'
import { mayCondense } from './may-condense.ts'
import type { RescueMeans } from './rescue.ts'

/**
 * After an answer: prepares the summary that the next request of the conversation will need, when prompt and answer together fill
 * `background_share` of the window of a model that is known. Where larger models are asked first, that of the largest counts. Nobody waits for
 * the result.
 */
export function prepareNext(run: RequestRun, serving: Serving, { condenser, routeOf }: RescueMeans): void {
  const { snapshot, targets } = serving
  const { config } = snapshot
  const target = targets[0]!
  const { ingress, usage } = run
  if (ingress.operation !== 'chat' || !mayCondense(run, config) || !isKept(config)) return
  const window = condenser.measures.windowOf(snapshot, target, ingress.caller)
  if (window === undefined) return
  const { background_share: share } = config.condensation!
  const limit = window * share
  if (usage === null && ingress.bytes.length < limit) return
  const subject = { ingress, target, fault: undefined, serving }
  const filled =
    usage === null ? condenser.measures.of(subject).total : usage.input + usage.output / choicesOf(ingress)
  if (filled < limit) return
  const [largest] = [...largerModels(target, routeOf)].at(-1) ?? []
  const most = largest === undefined ? window : condenser.measures.windowOf(snapshot, largest, ingress.caller)
  if (most !== undefined && filled >= most * share) condenser.prepare(subject, limit)
}

/** Whether the next request could find the summary. */
function isKept({ condensation, redis_url: redis }: GatewayConfig): boolean {
  const { cache_ttl: ttl, cache_max_bytes: bytes, cache_shared: isShared } = condensation!
  return ttl > 0 && (bytes > 0 || (isShared && redis !== null))
}

/** Of several answers one is told of when the conversation goes on. */
function choicesOf({ body: { n } }: Ingress): number {
  return typeof n === 'number' && n > 1 ? n : 1
}

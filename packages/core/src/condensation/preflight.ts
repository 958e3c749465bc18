import type { RequestRun } from '../request-run.ts'
import type { Serving } from '../serve.ts'
import type { Condenser } from './condenser.ts'
import { mayCondense } from './may-condense.ts'

/** Whether a request will most likely be refused as too long: it is above `preflight_share` of its model's window, as far as that is known. */
export function isTooLong(run: RequestRun, serving: Serving, condenser: Condenser): boolean {
  const { snapshot, targets } = serving
  const { config } = snapshot
  const target = targets[0]!
  if (!mayCondense(run, config)) return false
  const window = condenser.measures.windowOf(snapshot, target, run.ingress.caller)
  if (window === undefined) return false
  const { ingress } = run
  const limit = window * config.condensation!.preflight_share
  // No token is shorter than a byte, and hardly any text has three times as many of them as it seems.
  if (ingress.bytes.length < limit || condenser.measures.roughly(ingress) < limit / 3) return false
  return condenser.measures.of({ ingress, target, fault: undefined, serving }).total >= limit
}

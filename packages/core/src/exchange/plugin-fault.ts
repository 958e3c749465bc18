import { type FaultKind, faultKinds, ProviderFault } from '@llmproxy/provider-kit'
import { isObject } from './frame-rules-shape.ts'
import type { AttemptFault } from './transfer.ts'

const kinds: ReadonlySet<unknown> = new Set(faultKinds)

/**
 * A fault as a plugin made it, fit for the fault table. Plugins may be plain JavaScript: a kind that no table knows would leave
 * permits behind, and a wait that is no number would never end.
 */
export function pluginFault(said: unknown): AttemptFault {
  if (!isObject(said) || !kinds.has(said['kind'])) {
    return {
      kind: 'bad_response',
      message: 'the provider could not say what went wrong',
      thrown: new TypeError(
        `a provider's fault must be an object with a known kind, found ${describe(said)}`,
      ),
    }
  }
  const { message, retryAfterMs, status, code, param } = said
  const fault = {
    ...said,
    kind: ownKind(said['kind'] as FaultKind),
    message: typeof message === 'string' ? message : '',
    code: typeof code === 'string' ? code : null,
    param: typeof param === 'string' ? param : null,
  }
  return without(fault, {
    retryAfterMs: !(typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) && retryAfterMs >= 0),
    status: !Number.isInteger(status),
  })
}

/** The fault that an error carries, when it carries one. */
export function carriedFault(error: unknown): AttemptFault | undefined {
  return ProviderFault.is(error) ? pluginFault((error as { fault: unknown }).fault) : undefined
}

/** Only the gateway knows whether a client left; what a provider breaks off by itself is a failure of its connection. */
function ownKind(kind: FaultKind): FaultKind {
  return kind === 'cancelled' ? 'network' : kind
}

function without(fault: object, unfit: { retryAfterMs: boolean; status: boolean }): AttemptFault {
  const sound: Record<string, unknown> = { ...fault }
  if (unfit.retryAfterMs) delete sound['retryAfterMs']
  if (unfit.status) delete sound['status']
  return sound as unknown as AttemptFault
}

function describe(said: unknown): string {
  if (!isObject(said)) return said === null ? 'null' : typeof said
  return `the kind ${JSON.stringify(said['kind'])?.slice(0, 80) ?? 'undefined'}`
}

import { type FaultKind, faultKinds, isObject, ProviderFault } from '@llmproxy/provider-kit'
import { type TimeoutPhase, timeoutPhases } from '../metrics/outcome.ts'
import type { AttemptFault } from './transfer.ts'

const kinds: ReadonlySet<unknown> = new Set(faultKinds)

const optional: readonly (readonly [name: string, fits: (value: unknown) => boolean])[] = [
  ['code', (value) => value === null || typeof value === 'string'],
  ['param', (value) => value === null || typeof value === 'string'],
  ['retryAfterMs', (value) => Number.isFinite(value) && (value as number) >= 0],
  ['status', (value) => Number.isInteger(value)],
  ['phase', (value) => timeoutPhases.includes(value as TimeoutPhase)],
]

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
  const fault: Record<string, unknown> = {
    ...said,
    kind: ownKind(said['kind'] as FaultKind),
    message: typeof said['message'] === 'string' ? shortened(said['message'], longestMessage) : '',
  }
  if (typeof fault['param'] === 'string') fault['param'] = shortened(fault['param'], longestParam)
  for (const [name, fits] of optional) if (!fits(fault[name])) delete fault[name]
  return fault as unknown as AttemptFault
}

/** Characters. Plugins name what they found, and a client can send megabytes of it. */
const longestMessage = 2000
const longestParam = 200

function shortened(text: string, limit: number): string {
  return text.length > limit ? `${text.slice(0, limit - 1)}…` : text
}

/** The fault that an error carries, when it carries one. */
export function carriedFault(error: unknown): AttemptFault | undefined {
  return ProviderFault.is(error) ? pluginFault((error as { fault: unknown }).fault) : undefined
}

/** Only the gateway knows whether a client left; what a provider breaks off by itself is a failure of its connection. */
function ownKind(kind: FaultKind): FaultKind {
  return kind === 'cancelled' ? 'network' : kind
}

function describe(said: unknown): string {
  if (!isObject(said)) return said === null ? 'null' : typeof said
  return `the kind ${JSON.stringify(said['kind'])?.slice(0, 80) ?? 'undefined'}`
}

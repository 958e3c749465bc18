import { kindOf, refuse } from '@llmproxy/provider-kit'
import type { Reporter } from './reporter.ts'
import type { ModelTraits } from './models.ts'

/** Sampling parameters as sent. */
export interface Sampling {
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
}

/** Keeps what the model takes and reports the rest. A value that is the vendor's default is no loss. */
export function samplingOf(
  body: Readonly<Record<string, unknown>>,
  traits: ModelTraits,
  thinking: boolean,
  report: Reporter,
): Sampling {
  const temperature = numberAt(body, 'temperature')
  const topP = numberAt(body, 'top_p')
  const topK = numberAt(body, 'top_k')
  if (thinking || traits.fixedSampling) {
    if ((temperature ?? 1) !== 1) report.dropped('temperature')
    if (topK !== undefined) report.dropped('top_k')
    // The newest models take the top of the range, which hardly cuts anything.
    if (!thinking && topP !== undefined && topP >= 0.99 && topP < 1) return { top_p: topP }
    if ((topP ?? 1) !== 1) report.dropped('top_p')
    return {}
  }
  // The vendor's scale ends at 1, and older models refuse both parameters at once.
  if (temperature !== undefined && temperature > 1) report.dropped('temperature')
  const both = temperature !== undefined && topP !== undefined
  if (both && topP !== 1) report.dropped('top_p')
  return {
    ...(temperature === undefined ? {} : { temperature: Math.min(temperature, 1) }),
    ...(topP === undefined || both ? {} : { top_p: topP }),
    ...(topK === undefined ? {} : { top_k: topK }),
  }
}

/** A number of the request, `undefined` when absent or `null`; anything else is refused by name. */
export function numberAt(body: Readonly<Record<string, unknown>>, name: string): number | undefined {
  const value = body[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'number') throw refuse(name, `must be a number, found ${kindOf(value)}`)
  return value
}

import { kindOf, type Members, refuse } from '@llmproxy/provider-kit'
import type { Reporter } from './draft.ts'
import type { ModelTraits } from './models.ts'

/** How a model takes sampling parameters just now. */
export interface SamplingScene {
  readonly traits: ModelTraits
  readonly thinking: boolean
  readonly report: Reporter
}

/** `temperature` and `topP` as sent: what the model takes is kept, the rest reported. The usual value is no loss. */
export function samplingOf(members: Members, { traits, thinking, report }: SamplingScene): Members {
  const temperature = numberAt(members, 'temperature', 'temperature')
  const topP = numberAt(members, 'topP', 'top_p')
  if (thinking || traits.fixedSampling) {
    if ((temperature ?? 1) !== 1) report.dropped('temperature')
    if ((topP ?? 1) !== 1) report.dropped('top_p')
    return {}
  }
  if (!traits.strictSampling) {
    return { ...(temperature !== undefined && { temperature }), ...(topP !== undefined && { topP }) }
  }
  if (temperature !== undefined && temperature > 1) report.dropped('temperature')
  if (temperature !== undefined && topP !== undefined && topP !== 1) report.dropped('top_p')
  if (temperature !== undefined) return { temperature: Math.min(temperature, 1) }
  return topP === undefined ? {} : { topP }
}

function numberAt(members: Members, name: string, param: string): number | undefined {
  const value = members[name]
  if (value === undefined || typeof value === 'number') return value
  throw refuse(param, `must be a number, found ${kindOf(value)}`)
}

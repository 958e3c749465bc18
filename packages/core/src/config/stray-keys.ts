import { type Complaint, type Issue, issuePath, unknownKey, valueAt } from './issues.ts'
import { nearest } from './nearest.ts'
import { providerHostShape } from './schema.ts'
import { isMapping } from './secrets.ts'

/**
 * Keys of provider entries whose type is missing or wrong, as far as they resemble a key of the gateway. Without a type no
 * plugin can say which keys are its own, so the others are left in peace until there is one.
 */
export function strayKeys(value: unknown, issues: readonly Issue[]): Complaint[] {
  const known = Object.keys(providerHostShape)
  return issues.map(issuePath).flatMap(([first, index, key]) => {
    if (first !== 'providers' || typeof index !== 'number' || key !== 'type') return []
    const entry = valueAt(value, [first, index])
    if (!isMapping(entry)) return []
    return Object.keys(entry)
      .filter((name) => !known.includes(name) && nearest(name, known) !== undefined)
      .map((name) => ({ path: [first, index, name], message: unknownKey(name, known), part: 'key' as const }))
  })
}

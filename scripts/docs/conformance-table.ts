import { checkDefinitions } from '../../packages/provider-kit/testing/index.ts'
import { table } from './table.ts'

/** The conformance checks in the order in which they run. */
export function conformanceTable(): string {
  return table(
    ['Part', 'Check', 'Why'],
    checkDefinitions.map(({ group, name, why }) => [group, name, why]),
  )
}

import { ProviderFault } from '@llmproxy/provider-kit'
import { differences } from './difference.ts'
import type { FixtureCase } from './fixture.ts'
import { thrownText } from './subject.ts'

/** How a thrown value differs from `fault.json`. `undefined`: nothing was thrown. */
export function faultProblems(
  fixture: FixtureCase,
  result: { readonly thrown?: unknown } | undefined,
): string[] {
  if (result === undefined)
    return [`nothing was thrown, expected a ProviderFault of kind ${fixture.fault?.kind}`]
  if (!ProviderFault.is(result.thrown))
    return [`threw ${thrownText(result.thrown)} instead of a ProviderFault`]
  return faultDifferences(fixture, result.thrown.fault)
}

/** How a fault differs from `fault.json`; members that `fault.json` does not have are not compared. */
export function faultDifferences(fixture: FixtureCase, found: object): string[] {
  const { status: _status, headers: _headers, message, ...golden } = fixture.fault ?? { kind: 'upstream' }
  const members = Object.fromEntries(
    Object.keys(golden).map((name) => [name, (found as Record<string, unknown>)[name] ?? null]),
  )
  const problems = differences(golden, members, Object.is, 'fault')
  const text = 'message' in found && typeof found.message === 'string' ? found.message : ''
  if (text === '') problems.push('fault.message is empty')
  if (message !== undefined && !text.includes(message)) {
    problems.push(`fault.message: expected a part ${JSON.stringify(message)}, found ${JSON.stringify(text)}`)
  }
  return problems
}

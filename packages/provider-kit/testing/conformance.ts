import type { ProviderPlugin } from '@llmproxy/provider-kit'
import { bindCheck, type Check, type CheckDefinition } from './check.ts'
import { brokenStreamChecks } from './checks/broken-stream.ts'
import { continuationChecks } from './checks/continuation.ts'
import { coverageChecks } from './checks/coverage.ts'
import { credentialChecks } from './checks/credentials.ts'
import { endToEndFailureChecks } from './checks/end-to-end-failure.ts'
import { endToEndLineChecks } from './checks/end-to-end-lines.ts'
import { endToEndChecks } from './checks/end-to-end.ts'
import { faultChecks } from './checks/fault.ts'
import { followChecks } from './checks/follow.ts'
import { framingChecks } from './checks/framing.ts'
import { limitChecks } from './checks/limits.ts'
import { optionChecks } from './checks/options.ts'
import { parameterChecks } from './checks/parameters.ts'
import { joinChecks, splitChecks } from './checks/parts.ts'
import { probeChecks } from './checks/probe.ts'
import { requestChecks } from './checks/request.ts'
import { responseChecks } from './checks/response.ts'
import { shapeChecks } from './checks/shape.ts'
import { sizeChecks } from './checks/sizes.ts'
import { damagedStreamChecks } from './checks/stream-damage.ts'
import { streamChecks } from './checks/stream.ts'
import type { Fixtures, JsonObject } from './fixture.ts'
import type { CreateGateway } from './gateway.ts'

/** Every check, in the order in which a plugin is best repaired. */
export const checkDefinitions: readonly CheckDefinition[] = [
  ...shapeChecks,
  ...optionChecks,
  ...coverageChecks,
  ...requestChecks,
  ...parameterChecks,
  ...continuationChecks,
  ...credentialChecks,
  ...splitChecks,
  ...followChecks,
  ...probeChecks,
  ...sizeChecks,
  ...responseChecks,
  ...joinChecks,
  ...limitChecks,
  ...streamChecks,
  ...framingChecks,
  ...damagedStreamChecks,
  ...brokenStreamChecks,
  ...faultChecks,
  ...endToEndChecks,
  ...endToEndLineChecks,
  ...endToEndFailureChecks,
]

export interface ConformanceOptions {
  /** `createGateway` of `@llmproxy/core`. Absent: the end-to-end checks are left out. */
  readonly createGateway?: CreateGateway
  /** The options that lead to another upstream. Default: `base_url` is replaced, its path kept. */
  readonly redirect?: (options: JsonObject, url: string) => JsonObject
}

/** The checks of the contract for one plugin. Nothing runs until a check is run; they are independent of each other. */
export function conformance(
  plugin: ProviderPlugin,
  fixtures: Fixtures,
  options: ConformanceOptions = {},
): readonly Check[] {
  const { createGateway, redirect = toUpstream } = options
  const subject = { plugin, fixtures, redirect, ...(createGateway && { createGateway }) }
  return checkDefinitions
    .filter((definition) => createGateway !== undefined || definition.endToEnd !== true)
    .map((definition) => bindCheck(definition, subject))
}

function toUpstream(options: JsonObject, url: string): JsonObject {
  const own = options['base_url']
  const path = typeof own === 'string' && URL.canParse(own) ? new URL(own).pathname : ''
  return { ...options, base_url: url + path.replace(/\/+$/, '') }
}

import { ConfigError, type ConfigProblem, createGateway, type GatewayOptions } from '@llmproxy/core'
import type { ConfigFile } from './config-file.ts'

/**
 * Throws a `ConfigError` when the file has problems. With those of the file itself come those that only the plugins of its
 * providers can see, so that one run shows everything.
 */
export async function refuseProblems({ checked }: ConfigFile, options: GatewayOptions): Promise<void> {
  if (checked.config !== undefined) return
  throw new ConfigError([...checked.problems, ...(await providerProblems(checked, options))])
}

async function providerProblems(
  { partial, origin, warnings }: ConfigFile['checked'],
  options: GatewayOptions,
): Promise<readonly ConfigProblem[]> {
  if (partial === undefined) return []
  try {
    const gateway = await createGateway({ config: partial, problems: [], warnings, origin }, options)
    await gateway.close()
    return []
  } catch (error) {
    if (ConfigError.is(error)) return error.problems
    throw error
  }
}

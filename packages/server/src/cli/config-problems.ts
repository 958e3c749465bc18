import {
  type CheckedConfig,
  ConfigError,
  type ConfigProblem,
  createGateway,
  type GatewayOptions,
} from '@llmproxy/core'
import type { ConfigFile } from './config-file.ts'

/** Throws a `ConfigError` when the file has problems, with everything that {@link withAllProblems} finds. */
export async function refuseProblems(file: ConfigFile, options: GatewayOptions): Promise<void> {
  const { config, problems } = await withAllProblems(file, options)
  if (config === undefined) throw new ConfigError(problems)
}

/**
 * What was read from the file. When it has problems, with those that only the plugins of its providers can see, so that one run
 * shows everything.
 */
export async function withAllProblems(
  { checked }: ConfigFile,
  options: GatewayOptions,
): Promise<CheckedConfig> {
  if (checked.config !== undefined) return checked
  return { ...checked, problems: [...checked.problems, ...(await providerProblems(checked, options))] }
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

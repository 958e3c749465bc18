import {
  type CheckedConfig,
  ConfigError,
  formatProblem,
  type Gateway,
  type ReloadReport,
} from '@llmproxy/core'
import { judgeBind } from '../bind-rules.ts'
import type { LiveSettings } from '../live-settings.ts'
import { logLevel, type Logger } from '../log/logger.ts'
import { needsRestart, type RestartKey } from './restart-keys.ts'

/** What became of a reload. */
export interface ServerReloadReport extends ReloadReport {
  /** Keys whose value in the file is not the one that the server was started with, and goes on with. */
  readonly needsRestart: readonly RestartKey[]
}

/** Takes another configuration into use. See `RunningServer.reload`. */
export type ServerReload = (
  checked: CheckedConfig,
  env?: Readonly<Record<string, string | undefined>>,
) => Promise<ServerReloadReport>

export interface ReloadParts {
  readonly gateway: Pick<Gateway, 'config' | 'reload' | 'warnings'>
  readonly live: LiveSettings
  readonly log: Logger
  /** The address that the server listens on. */
  readonly host: string
  /** What the command line decides, whatever the file says. */
  readonly fixed: readonly RestartKey[]
  /** False when the server has been asked to leave. */
  readonly serving: () => boolean
}

/** The reload of a server that has just been started with the gateway's configuration. */
export function serverReload(parts: ReloadParts): ServerReload {
  const { gateway, live, log, fixed } = parts
  const started = gateway.config
  return async (checked, env) => {
    if (!parts.serving()) return { changed: [], needsRestart: [] }
    try {
      const { changed } = await gateway.reload(withBindProblem(checked, parts), env)
      const { config } = gateway
      live.replace(config)
      log.setLevel?.(logLevel(config))
      const report = { changed, needsRestart: needsRestart(started, config, fixed) }
      tell(report, checked, parts)
      return report
    } catch (error) {
      const found = ConfigError.is(error) ? { problems: error.problems.map(formatProblem) } : { error }
      log.error(found, 'configuration refused: what was in use before stays in use')
      throw error
    }
  }
}

function tell(
  { changed, needsRestart: keys }: ServerReloadReport,
  checked: CheckedConfig,
  parts: ReloadParts,
) {
  const { log, gateway, host } = parts
  const warnings = [
    ...[...checked.warnings, ...gateway.warnings].map(formatProblem),
    ...judgeBind(host, gateway.config.api_keys).warnings,
  ]
  const fields = { changed, needs_restart: keys, ...(warnings.length > 0 && { warnings }) }
  if (keys.length > 0 || warnings.length > 0) log.warn(fields, 'configuration reloaded')
  else log.info(fields, 'configuration reloaded')
}

/** What would not be started must not be reloaded to either: other machines would be let in without a key. */
function withBindProblem(checked: CheckedConfig, { host, fixed }: ReloadParts): CheckedConfig {
  const { config, origin, warnings } = checked
  if (config === undefined) return checked
  const next = fixed.includes('host') ? host : config.host
  const refusal = judgeBind(host, config.api_keys).refusal ?? judgeBind(next, config.api_keys).refusal
  if (refusal === undefined) return checked
  const path = ['api_keys']
  return { problems: [{ ...origin.place(path), path, message: refusal }], warnings, origin }
}

import { parse } from 'yaml'
import { parseConfigDocument } from './document.ts'
import type { Environment } from './interpolate.ts'
import { type Complaint, complaints, type Issue, issuePath, valueAt } from './issues.ts'
import { type Normalised, normalise } from './normalise.ts'
import { type ConfigOrigin, noOrigin, problemAt } from './origin.ts'
import { type ConfigPath, type ConfigProblem, formatPath, inFileOrder } from './problem.ts'
import { clientKeys, partialInput } from './result.ts'
import { keysOf, schemaAt } from './schema-walk.ts'
import { configSchema, type GatewayConfig, providerHostShape } from './schema.ts'
import { isMapping, isSecretPath, revealSecrets, wrapSecrets } from './secrets.ts'
import { strayKeys } from './stray-keys.ts'
import { checkMeaning } from './semantics.ts'

/** A configuration that was checked. Use `config` only when there are no problems. */
export interface CheckedConfig {
  /** Absent when there are problems. */
  readonly config?: GatewayConfig
  /**
   * Present when there are problems and the rest of the file can still be looked at: what is wrong is left out.
   * For finding more problems in one go, never for serving.
   */
  readonly partial?: GatewayConfig
  readonly problems: readonly ConfigProblem[]
  readonly warnings: readonly ConfigProblem[]
  readonly origin: ConfigOrigin
}

/** Reads a configuration file. Never throws: everything that is wrong with it is in `problems`, in the order of the file. */
export function readConfig(text: string, options: { file: string; env: Environment }): CheckedConfig {
  const document = parseConfigDocument(text, options.file)
  const normalised = normalise(document.value, options.env)
  const origin: ConfigOrigin = {
    place: document.place,
    fromEnv: (path) => normalised.fromEnv.has(formatPath(path)),
    unset: normalised.unset,
  }
  if (document.value === undefined) {
    return { problems: inFileOrder(document.problems), warnings: [], origin }
  }
  return check(normalised, origin, document.problems)
}

/** The same for an object, as given in process. Environment references are replaced when `env` is given. */
export function checkConfig(value: unknown, env?: Environment): CheckedConfig {
  const normalised = normalise(revealSecrets(value), env)
  const fromEnv = (path: ConfigPath) => normalised.fromEnv.has(formatPath(path))
  return check(normalised, { ...noOrigin, fromEnv, unset: normalised.unset }, [])
}

function check(
  normalised: Normalised,
  origin: ConfigOrigin,
  earlier: readonly ConfigProblem[],
): CheckedConfig {
  const { value, issues } = validate(normalised, origin)
  const parsed = configSchema.safeParse(
    issues.length === 0 ? value : partialInput(value, issues.map(issuePath)),
  )
  const meaning = parsed.success
    ? checkMeaning(parsed.data, (path) => isHidden(path, origin))
    : { problems: [], warnings: [] }
  const found: readonly Complaint[] = [
    ...normalised.problems,
    ...complaints(issues, {
      value,
      hidden: (path) => isHidden(path, origin),
      keys: keysAt,
    }).filter((complaint) => !normalised.absent.has(formatPath(complaint.path))),
    ...strayKeys(value, issues),
    ...meaning.problems,
  ]
  const place = (complaint: Complaint) => problemAt(origin, complaint.path, complaint.message, complaint.part)
  const problems = inFileOrder([...earlier, ...found.map(place)])
  // What was left out because it is wrong must not be complained about as missing.
  const warnings =
    issues.length > 0
      ? []
      : inFileOrder([...nothingConfigured(value), ...normalised.warnings, ...meaning.warnings].map(place))
  if (!parsed.success) return { problems, warnings, origin }
  const config: GatewayConfig = {
    ...parsed.data,
    api_keys: clientKeys(parsed.data.api_keys),
    providers: parsed.data.providers.map((entry) => wrapPluginSecrets(entry)),
  }
  return problems.length === 0
    ? { config, problems, warnings, origin }
    : { partial: config, problems, warnings, origin }
}

/** An empty file is valid and serves nobody: it was hardly meant. */
function nothingConfigured(value: unknown): Complaint[] {
  if (!isMapping(value) || Object.keys(value).length > 0) return []
  return [{ path: [], message: 'nothing is configured here; list some `providers:`' }]
}

/** Environment variables are text: where the schema wants a number or a boolean, they are read as YAML would read them. */
function validate(
  normalised: Normalised,
  origin: ConfigOrigin,
): { value: unknown; issues: readonly Issue[] } {
  const first = configSchema.safeParse(normalised.value)
  if (first.success) return { value: normalised.value, issues: [] }
  const coerced = coerceFromEnv(normalised.value, first.error.issues, origin.fromEnv)
  if (coerced === undefined) return { value: normalised.value, issues: first.error.issues }
  const second = configSchema.safeParse(coerced)
  return { value: coerced, issues: second.success ? [] : second.error.issues }
}

/** A copy in which texts from the environment that caused an issue are numbers or booleans; `undefined` when none is. */
export function coerceFromEnv(
  value: unknown,
  issues: readonly Issue[],
  fromEnv: (path: ConfigPath) => boolean,
): unknown {
  const copy: unknown = structuredClone(value)
  let changed = false
  for (const issue of issues) {
    const path = issuePath(issue)
    const text = valueAt(value, path)
    const parent = valueAt(copy, path.slice(0, -1))
    const last = path.at(-1)
    if (typeof text !== 'string' || last === undefined || !fromEnv(path) || !/^[\w.+-]+$/.test(text)) continue
    const scalar: unknown = parse(text)
    if (typeof scalar !== 'number' && typeof scalar !== 'boolean') continue
    ;(parent as Record<string | number, unknown>)[last] = scalar
    changed = true
  }
  return changed ? copy : undefined
}

/** Values that are secret by their name or come from the environment are never printed. */
export function isHidden(path: ConfigPath, origin: ConfigOrigin): boolean {
  return isSecretPath(path) || namesKey(path) || origin.fromEnv(path)
}

/** People write the key itself where the name of its variable belongs, in a list as well. */
function namesKey(path: ConfigPath): boolean {
  return path.at(-1) === 'api_key_env' || (path.at(-2) === 'api_key_env' && typeof path.at(-1) === 'number')
}

function keysAt(path: ConfigPath): readonly string[] {
  return keysOf(schemaAt(configSchema, path)) ?? []
}

/** Host keys are not secret, except the headers, and those are sent by the gateway itself. */
function wrapPluginSecrets<Entry extends Record<string, unknown>>(entry: Entry): Entry {
  const wrapped = wrapSecrets(entry)
  if (!isMapping(wrapped)) return entry
  const host = Object.fromEntries(
    Object.entries(entry).filter(([key]) => Object.hasOwn(providerHostShape, key)),
  )
  return Object.assign(wrapped, host) as Entry
}

import type { Provider, ProviderPlugin } from '@llmproxy/provider-kit'
import type { Environment } from '../config/interpolate.ts'
import type { Complaint } from '../config/issues.ts'
import { nearest } from '../config/nearest.ts'
import { type ConfigOrigin, noOrigin, problemAt } from '../config/origin.ts'
import { type ConfigPath, type ConfigProblem, inFileOrder } from '../config/problem.ts'
import { type GatewayConfig, type ProviderConfig, providerHostShape } from '../config/schema.ts'
import { collectSecrets, isSecretName, revealSecrets } from '../config/secrets.ts'
import { modelId } from '../config/semantics.ts'
import { canonicalType } from './check.ts'
import { checkProvider } from './check-provider.ts'
import { packageName, PluginNotFound } from './load.ts'
import { pluginKeys } from './known-keys.ts'
import { validateOptions } from './options.ts'
import type { Registry } from './registry.ts'

/** A provider that is on. */
export interface ConfiguredProvider {
  /** The host's keys only, with their defaults. */
  readonly config: ProviderConfig
  readonly plugin: ProviderPlugin
  readonly provider: Provider
  /** Texts that must never be shown, for `scrubber()`. */
  readonly secrets: readonly string[]
}

/** A provider that is off, and why. */
export interface ProviderOff {
  readonly name: string
  readonly type: string
  /** What to do to switch it on, such as `set PROXY_API_ACME_API_KEY`. */
  readonly reason: string
  /** The environment variable that would switch it on. */
  readonly variable?: string
  /** The model names that it would serve. */
  readonly models: readonly string[]
}

export interface ConfiguredProviders {
  readonly on: readonly ConfiguredProvider[]
  readonly off: readonly ProviderOff[]
  readonly problems: readonly ConfigProblem[]
}

export interface ConfigureOptions {
  readonly registry: Registry
  readonly env: Environment
  /** Default: the configuration came from no file. */
  readonly origin?: ConfigOrigin
}

/** Makes the providers of a configuration. Never rejects: what is wrong is in `problems`, in the order of the file. */
export async function configureProviders(
  config: Pick<GatewayConfig, 'providers'>,
  options: ConfigureOptions,
): Promise<ConfiguredProviders> {
  const results = await Promise.all(config.providers.map((entry, index) => configure(entry, index, options)))
  return {
    on: results.flatMap((result) => result.on ?? []),
    off: results.flatMap((result) => result.off ?? []),
    problems: inFileOrder(results.flatMap((result) => result.problems ?? [])),
  }
}

interface Result {
  readonly on?: ConfiguredProvider
  readonly off?: ProviderOff
  readonly problems?: readonly ConfigProblem[]
}

async function configure(entry: ProviderConfig, index: number, options: ConfigureOptions): Promise<Result> {
  const { registry, origin = noOrigin } = options
  if (entry.enabled === false) return { off: off(entry, 'enabled: false') }
  const unset = origin.unset.get(index)?.[0]
  const key = findKey(entry, options.env)
  // A key variable that is named, and not set, decides before anything is loaded: a vendor can be prepared without its package.
  const missing = unset ?? (key.named && key.value === undefined ? key.variable : undefined)
  if (entry.enabled === 'auto' && missing !== undefined) return switchedOff(entry, index, missing, options)
  try {
    const plugin = await registry.resolve(entry.type, entry.module)
    return await createProvider(entry, index, { plugin, key, origin })
  } catch (error) {
    const step = entry.module === undefined ? 'type' : 'module'
    const message = loadMessage(error, entry, registry)
    return { problems: [problemAt(origin, ['providers', index, step], message)] }
  }
}

interface FoundKey {
  readonly value: string | undefined
  /** Where it was, or would have been, looked for. */
  readonly variable: string
  /** The entry names the variable, so it does need a key. */
  readonly named: boolean
}

function findKey(entry: ProviderConfig, env: Environment): FoundKey {
  const own = revealSecrets(entry.api_key)
  const variable = entry.api_key_env ?? `PROXY_API_${canonicalType(entry.type).toUpperCase()}_API_KEY`
  if (own !== undefined) return { value: undefined, variable, named: false }
  const value = Object.hasOwn(env, variable) ? env[variable]?.trim() : undefined
  return { value: value === '' ? undefined : value, variable, named: entry.api_key_env !== undefined }
}

/** Off for want of a variable. What can be said about its options without loading anything is said all the same. */
async function switchedOff(
  entry: ProviderConfig,
  index: number,
  variable: string,
  { registry, origin = noOrigin }: ConfigureOptions,
): Promise<Result> {
  const installed = await registry.installed(entry.type, entry.module)
  const reason = `set ${variable}${installed === false ? `; its package ${entry.module ?? packageName(entry.type)} is not installed` : ''}`
  const plugin = entry.module === undefined ? registry.compiledIn(entry.type) : undefined
  const known = plugin === undefined ? undefined : pluginKeys(plugin)
  const unknown = Object.keys(pluginOptions(entry)).filter((key) => known?.includes(key) === false)
  const problems = unknown.map((key) => {
    const meant = nearest(key, [...(known ?? []), ...Object.keys(providerHostShape)])
    const message = `unknown key${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    return problemAt(origin, ['providers', index, key], message, 'key')
  })
  return { off: off(entry, reason, variable), problems }
}

function off(entry: ProviderConfig, reason: string, variable?: string): ProviderOff {
  const { name, type, models } = entry
  return { name, type, reason, ...(variable === undefined ? {} : { variable }), models: models.map(modelId) }
}

interface Parts {
  readonly plugin: ProviderPlugin
  readonly key: FoundKey
  readonly origin: ConfigOrigin
}

async function createProvider(entry: ProviderConfig, index: number, parts: Parts): Promise<Result> {
  const { plugin, key, origin } = parts
  const keys = pluginKeys(plugin)
  // The default variable may be set for another provider of the type's family: a plugin that knows no key does not get one.
  const takesKey = key.named || keys === undefined || keys.includes('api_key')
  const given = pluginOptions(entry)
  const options = key.value !== undefined && takesKey ? { ...given, api_key: key.value } : given
  const secrets = [...new Set([...collectSecrets(options), ...headerSecrets(entry)])]
  const base: ConfigPath = ['providers', index]
  const place = (complaint: Complaint) =>
    problemAt(origin, [...base, ...complaint.path], complaint.message, complaint.part)
  const checked = await validateOptions({ plugin, options, secrets, origin, base })
  if (checked.complaints !== undefined) {
    const noKey = options.api_key === undefined && checked.complaints.some(isAboutKey)
    const others = noKey
      ? checked.complaints.filter((complaint) => !isAboutKey(complaint))
      : checked.complaints
    if (entry.enabled === 'auto') {
      return others.length === 0
        ? { off: off(entry, `set ${key.variable}`, key.variable) }
        : { problems: others.map(place) }
    }
    const message = `missing, and enabled is true: set ${key.variable}, or write \`enabled: auto\``
    return { problems: [...(noKey ? [{ path: ['api_key'], message }] : []), ...others].map(place) }
  }
  try {
    const provider = checkProvider(plugin.create(checked.value))
    return { on: { config: hostKeys(entry), plugin, provider, secrets } }
  } catch (error) {
    return {
      problems: [place({ path: [], message: `cannot be created: ${checked.scrub(messageOf(error))}` })],
    }
  }
}

function isAboutKey({ path }: Complaint): boolean {
  return path.length === 1 && path[0] === 'api_key'
}

function pluginOptions(entry: ProviderConfig): Record<string, unknown> {
  const own = Object.entries(entry).filter(([key]) => !Object.hasOwn(providerHostShape, key))
  return revealSecrets(Object.fromEntries(own)) as Record<string, unknown>
}

function hostKeys(entry: ProviderConfig): ProviderConfig {
  const own = Object.entries(entry).filter(([key]) => Object.hasOwn(providerHostShape, key))
  return Object.fromEntries(own) as ProviderConfig
}

// A scheme or none, then 16 characters or more without a gap, a digit among them: what credentials look like.
const credential = /^(?:[a-z]+ )?(?=\S*\d)[\w.~+/=:-]{16,}$/i

/** Of the added headers those with a telling name or value: to redact `application/json` everywhere would help nobody. */
function headerSecrets(entry: ProviderConfig): string[] {
  const headers = Object.entries(entry.custom_headers).filter(
    ([name, value]) => isSecretName(name) || credential.test(value),
  )
  return collectSecrets(
    headers.map(([, value]) => value),
    true,
  )
}

function loadMessage(error: unknown, entry: ProviderConfig, registry: Registry): string {
  if (!PluginNotFound.is(error)) return messageOf(error)
  const meant = entry.module === undefined ? nearest(canonicalType(entry.type), registry.types) : undefined
  return meant === undefined ? error.message : `did you mean "${meant}"? Otherwise: ${error.message}`
}

/** One line, without a stack. */
function messageOf(error: unknown): string {
  const text = error instanceof Error || isObjectWithMessage(error) ? error.message : String(error)
  return text.split('\n', 1)[0] ?? ''
}

function isObjectWithMessage(value: unknown): value is { readonly message: string } {
  return (
    typeof value === 'object' && value !== null && 'message' in value && typeof value.message === 'string'
  )
}

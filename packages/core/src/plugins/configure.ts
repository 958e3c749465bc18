import type { Provider, ProviderPlugin } from '@llmproxy/provider-kit'
import { type Clock, systemClock } from '../clock.ts'
import type { Environment } from '../config/interpolate.ts'
import type { Complaint } from '../config/issues.ts'
import { nearest } from '../config/nearest.ts'
import { type ConfigOrigin, noOrigin, problemAt } from '../config/origin.ts'
import { type ConfigPath, type ConfigProblem, inFileOrder } from '../config/problem.ts'
import { type GatewayConfig, type ProviderConfig, providerHostShape } from '../config/schema.ts'
import { collectSecrets, isSecretName, revealSecrets } from '../config/secrets.ts'
import { modelId } from '../config/model-id.ts'
import { canonicalType } from './check.ts'
import { type ConfiguredKey, createProvider, isAboutKey, messageOf, withKey } from './create-provider.ts'
import { findKeys, type FoundKeys } from './found-keys.ts'
import { packageName, PluginNotFound } from './load.ts'
import { pluginKeys } from './known-keys.ts'
import type { Registry } from './registry.ts'

/** A provider that is on. */
export interface ConfiguredProvider {
  /** The host's keys only, with their defaults. */
  readonly config: ProviderConfig
  readonly plugin: ProviderPlugin
  /** With the first of its keys. */
  readonly provider: Provider
  /** Empty unless there are several that can be used. */
  readonly keys: readonly ConfiguredKey[]
  /** Variables of its list of keys that have no value. */
  readonly unsetKeys: readonly string[]
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
  readonly warnings: readonly ConfigProblem[]
}

export interface ConfigureOptions {
  readonly registry: Registry
  readonly env: Environment
  /** Default: the configuration came from no file. */
  readonly origin?: ConfigOrigin
  /** Milliseconds that a plugin has to load and to check its options. Default: 30 s. */
  readonly patienceMs?: number
  /** Default: the system's. */
  readonly clock?: Clock
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
    warnings: inFileOrder(results.flatMap((result) => result.warnings ?? [])),
  }
}

const defaultPatienceMs = 30_000

/** Code from outside may wait for something that never comes: a start, and every reload after it, would wait with it. */
async function settled<Value>(
  { clock = systemClock, patienceMs = defaultPatienceMs }: ConfigureOptions,
  work: () => Promise<Value>,
): Promise<Value> {
  let timer: unknown
  const late = new Promise<never>((_resolve, reject) => {
    timer = clock.after(patienceMs, () => {
      const message = `did not finish loading within ${patienceMs / 1000} s: its module, or the check of its options, waits for something`
      reject(new Error(message))
    })
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clock.cancel(timer)
  }
}

interface Result {
  readonly on?: ConfiguredProvider
  readonly off?: ProviderOff
  readonly problems?: readonly ConfigProblem[]
  readonly warnings?: readonly ConfigProblem[]
}

async function configure(entry: ProviderConfig, index: number, options: ConfigureOptions): Promise<Result> {
  const { registry, origin = noOrigin } = options
  if (entry.enabled === false) return { off: off(entry, 'enabled: false') }
  const unset = origin.unset.get(index)?.[0]
  const found = findKeys(entry, options.env)
  // Key variables that are named, and not set, decide before anything is loaded: a vendor can be prepared without its package.
  const missing = unset === undefined ? unsetVariables(found) : [unset]
  if (entry.enabled === 'auto' && missing.length > 0) return switchedOff(entry, index, missing, options)
  try {
    return await settled(options, async () => {
      const plugin = await registry.resolve(entry.type, entry.module)
      return switchedOn(entry, index, { plugin, found, origin })
    })
  } catch (error) {
    const step = entry.module === undefined ? 'type' : 'module'
    const message = loadMessage(error, entry, registry)
    return { problems: [problemAt(origin, ['providers', index, step], message)] }
  }
}

/** Those of which one would switch the provider on. */
function unsetVariables({ named, keys, variables }: FoundKeys): readonly string[] {
  return named && keys.length === 0 ? [...new Set(variables)] : []
}

/** Off for want of a variable. What can be said about its options without loading anything is said all the same. */
async function switchedOff(
  entry: ProviderConfig,
  index: number,
  variables: readonly string[],
  { registry, origin = noOrigin }: ConfigureOptions,
): Promise<Result> {
  const installed = await registry.installed(entry.type, entry.module)
  const reason = `set ${variables.join(' or ')}${installed === false ? `; its package ${entry.module ?? packageName(entry.type)} is not installed` : ''}`
  const plugin = entry.module === undefined ? registry.compiledIn(entry.type) : undefined
  const known = plugin === undefined ? undefined : pluginKeys(plugin)
  const unknown = Object.keys(pluginOptions(entry)).filter((key) => known?.includes(key) === false)
  const problems = unknown.map((key) => {
    const meant = nearest(key, [...(known ?? []), ...Object.keys(providerHostShape)])
    const message = `unknown key${meant === undefined ? '' : `; did you mean "${meant}"?`}`
    return problemAt(origin, ['providers', index, key], message, 'key')
  })
  return { off: off(entry, reason, variables[0]), problems }
}

function off(entry: ProviderConfig, reason: string, variable?: string): ProviderOff {
  const { name, type, models } = entry
  return { name, type, reason, ...(variable === undefined ? {} : { variable }), models: models.map(modelId) }
}

interface Parts {
  readonly plugin: ProviderPlugin
  readonly found: FoundKeys
  readonly origin: ConfigOrigin
}

async function switchedOn(entry: ProviderConfig, index: number, parts: Parts): Promise<Result> {
  const { plugin, origin } = parts
  const found = keysFor(plugin, parts.found)
  const options = pluginOptions(entry)
  const secrets = secretsOf(entry, options, found)
  const base: ConfigPath = ['providers', index]
  const place = (complaint: Complaint) =>
    problemAt(origin, [...base, ...complaint.path], complaint.message, complaint.part)
  const created = await createProvider({ plugin, options, secrets, origin, base }, found)
  if (created.complaints !== undefined) {
    const noKey = options.api_key === undefined && found.keys.length === 0
    const refused = noKey ? withoutKey(entry, created.complaints, found) : created.complaints
    return 'reason' in refused ? { off: refused } : { problems: refused.map(place) }
  }
  const unsetKeys = found.keys.length === 0 ? [] : found.unset
  const { provider, keys } = created
  return {
    on: { config: hostKeys(entry), plugin, provider, keys, unsetKeys, secrets },
    warnings: keyWarnings(entry, found).map(place),
  }
}

function keyWarnings(entry: ProviderConfig, { repeated }: FoundKeys): Complaint[] {
  if (entry.api_key !== undefined && entry.api_key_env !== undefined) {
    return [
      { path: ['api_key_env'], message: 'is not looked at, because `api_key` is set: remove one of the two' },
    ]
  }
  return repeated.map(({ variable, position, of }) => ({
    path: ['api_key_env', position],
    message:
      variable === of
        ? `${variable} is named twice`
        : `${variable} has the value of ${of}: they count as one key`,
  }))
}

/** The default variable may be set for another provider of the type's family: a plugin that knows no key does not get one. */
function keysFor(plugin: ProviderPlugin, found: FoundKeys): FoundKeys {
  const known = pluginKeys(plugin)
  return found.named || known === undefined || known.includes('api_key') ? found : { ...found, keys: [] }
}

/** What is wrong with an entry for which there is no key: nothing, when that is the reason and may be. */
function withoutKey(
  entry: ProviderConfig,
  complaints: readonly Complaint[],
  { variables }: FoundKeys,
): ProviderOff | readonly Complaint[] {
  const others = complaints.filter((complaint) => !isAboutKey(complaint))
  if (others.length === complaints.length) return complaints
  const wanted = [...new Set(variables)].join(' or ')
  if (entry.enabled === 'auto') return others.length > 0 ? others : off(entry, `set ${wanted}`, variables[0])
  const message = `missing, and enabled is true: set ${wanted}, or write \`enabled: auto\``
  return [{ path: ['api_key'], message }, ...others]
}

function secretsOf(entry: ProviderConfig, options: Record<string, unknown>, { keys }: FoundKeys): string[] {
  const all = keys.length === 0 ? [options] : keys.map((key) => withKey({ options }, key).options)
  return [...new Set([...all.flatMap((each) => collectSecrets(each)), ...headerSecrets(entry)])]
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

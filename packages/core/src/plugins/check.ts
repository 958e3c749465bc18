import { API_VERSION, type ProviderPlugin } from '@llmproxy/provider-kit'

/** Versions of the plugin contract that this gateway speaks. */
export const supportedVersions: readonly number[] = [API_VERSION]

/**
 * Recognises a plugin by its shape, never by its class: it may come from another copy of the kit.
 * Gives back the plugin, or throws an Error whose message names the type and the remedy.
 */
export function checkPlugin(value: unknown, expectedType: string): ProviderPlugin {
  const plugin = unwrapModule(value)
  const name = `provider "${expectedType}"`
  if (!isObject(plugin)) {
    throw new Error(
      `${name}: the package exports no plugin; its default export must be made by definePlugin()`,
    )
  }
  const { apiVersion, type, aliases, options, create } = plugin
  if (typeof apiVersion !== 'number') {
    throw new Error(
      `${name}: the package's default export is not a plugin; it must be made by definePlugin()`,
    )
  }
  if (!supportedVersions.includes(apiVersion)) {
    const remedy = apiVersion > API_VERSION ? 'update the gateway' : 'update the plugin'
    throw new Error(
      `${name} speaks plugin API v${apiVersion}; this gateway speaks v${API_VERSION}: ${remedy}`,
    )
  }
  if (typeof type !== 'string') throw new Error(`${name}: the plugin has no type`)
  const names = [type, ...(Array.isArray(aliases) ? aliases : [])].filter((item) => typeof item === 'string')
  if (!names.some((item) => canonicalType(item) === canonicalType(expectedType))) {
    throw new Error(`${name}: the package is a plugin for type "${type}"; write type: ${type}`)
  }
  const schema: unknown = isObject(options) ? options['~standard'] : undefined
  if (!isObject(schema) || typeof schema.validate !== 'function') {
    throw new Error(`${name}: the plugin has no options schema (Standard Schema)`)
  }
  if (typeof create !== 'function') throw new Error(`${name}: the plugin has no create() function`)
  return plugin as unknown as ProviderPlugin
}

/** `some_vendor` and `some-vendor` are the same type. */
export function canonicalType(type: string): string {
  return type.replaceAll('-', '_')
}

/** ES modules keep the plugin in `default`; CommonJS compiled from ES modules, imported as such, in `default.default`. */
function unwrapModule(value: unknown): unknown {
  let current = value
  for (let depth = 0; depth < 2; depth++) {
    if (!isObject(current) || 'apiVersion' in current || !('default' in current)) break
    current = current.default
  }
  return current
}

/** Module namespaces and functions with properties count as well. */
function isObject(value: unknown): value is Record<PropertyKey, unknown> {
  return (typeof value === 'object' && value !== null) || typeof value === 'function'
}

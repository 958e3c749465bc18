import type { Provider, ProviderPlugin } from '../../packages/provider-kit/src/index.ts'

const address = { base_url: 'http://127.0.0.1:9/v1' }
const key = { api_key: 'a-key' }

export interface SmallestProvider {
  readonly provider: Provider
  readonly needsKey: boolean
}

/** The provider that the fewest options make: what the documents tell of a plugin is what this one does. */
export function smallestProvider(plugin: ProviderPlugin): SmallestProvider {
  // The example of `init` names options without a default; `models` is the gateway's.
  const { models: _models, ...example } = plugin.example ?? {}
  for (const options of [{}, address, key, { ...address, ...key }, example, { ...example, ...key }]) {
    const result = plugin.options['~standard'].validate(options)
    if (result instanceof Promise) throw new TypeError(`${plugin.type}: its options are checked late`)
    if (result.issues === undefined)
      return { provider: plugin.create(result.value), needsKey: 'api_key' in options }
  }
  throw new TypeError(`${plugin.type}: its options want more than a key, an address and those of its example`)
}

import { plugins } from '../../apps/llmproxy/src/plugins.ts'
import type { ProviderPlugin } from '../../packages/provider-kit/src/index.ts'

/** The plugins that the app brings along, as the documents list them. A test compares them with the folders of `providers/`. */
export const shippedPlugins = plugins as unknown as readonly ProviderPlugin[]

/** The folder of a plugin below the root of the repository. */
export function folderOf({ type }: ProviderPlugin): string {
  return `providers/${type.replaceAll('_', '-')}`
}

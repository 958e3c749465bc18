import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'
import { options } from './src/options.ts'

const provider = plugin.create(options.parse({ api_key: 'test-key' }))

// The second folder holds answers of a server that speaks the same format.
const checks = ['xai', 'openai-compatible'].flatMap((folder) =>
  recordedChecks({
    folder: new URL(`../../../shared/recorded/${folder}/`, import.meta.url),
    provider,
    model: 'grok-3-mini',
  }).map((check) => ({ ...check, name: `${folder}: ${check.name}` })),
)
for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'
import { options } from './src/options.ts'

const checks = recordedChecks({
  folder: new URL('../../../shared/recorded/deepseek/', import.meta.url),
  provider: plugin.create(options.parse({ api_key: 'test-key' })),
  model: 'deepseek-reasoner',
})
for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

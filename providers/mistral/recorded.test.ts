import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { Secret } from '@llmproxy/provider-kit'
import { test } from 'vitest'
import plugin from './src/index.ts'

const checks = recordedChecks({
  folder: new URL('../../../shared/recorded/mistral/', import.meta.url),
  provider: plugin.create({ api_key: new Secret('k'), base_url: 'https://vendor.test/v1', api: 'chat' }),
  model: 'mistral-small-latest',
  endings: ['data: [DONE]\n\n', ''],
})
for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

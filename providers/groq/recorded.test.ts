import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { Secret } from '@llmproxy/provider-kit'
import { test } from 'vitest'
import plugin from './src/index.ts'

const provider = plugin.create({ api_key: new Secret('test-key'), base_url: 'http://vendor/v1', api: 'chat' })
const folder = new URL('../../../shared/recorded/groq/', import.meta.url)
const endings = ['data: [DONE]\n\n', '']

for (const { name, skipped, run } of recordedChecks({
  folder,
  provider,
  model: 'llama-3.3-70b-versatile',
  endings,
})) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { Secret } from '@llmproxy/provider-kit'
import { test } from 'vitest'
import plugin from './src/index.ts'

const folder = new URL('../../../shared/recorded/google/', import.meta.url)
const provider = plugin.create({
  api_key: new Secret('test-key'),
  base_url: 'https://host.test/v1beta',
  api: 'generate-content',
  schema_dialect: 'auto',
  safety_settings: [],
})

// The vendor sends no `[DONE]`; one that comes all the same changes nothing.
const endings = ['', 'data: [DONE]\n\n']
for (const { name, skipped, run } of recordedChecks({
  folder,
  provider,
  model: 'gemini-3-pro-preview',
  endings,
})) {
  if (skipped !== undefined) console.log(`${name}: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

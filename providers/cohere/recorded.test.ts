import { Secret } from '@llmproxy/provider-kit'
import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'

const checks = recordedChecks({
  folder: new URL('../../../shared/recorded/cohere/', import.meta.url),
  provider: plugin.create({
    api_key: new Secret('k'),
    base_url: 'https://vendor.test',
    api: 'chat-v2',
    input_type: 'search_document',
  }),
  model: 'command-a-03-2025',
  operationOf: (file) => (file.includes('embedding') ? 'embeddings' : 'chat'),
  block: (line) => Buffer.from(`event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`),
  endings: ['data: [DONE]\n\n', ''],
})
for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'
import { sampleOptions } from './test/subject.ts'

const checks = recordedChecks({
  folder: new URL('../../../shared/recorded/anthropic/', import.meta.url),
  provider: plugin.create(sampleOptions()),
  model: 'claude-sonnet-4-5',
  // Events have names, and nothing follows the last one.
  block: (line) => Buffer.from(`event: ${(JSON.parse(line) as { type: string }).type}\ndata: ${line}\n\n`),
  endings: [''],
})
for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

import { Secret } from '@llmproxy/provider-kit'
import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'

const options = plugin.options['~standard'].validate({
  api_key: new Secret('test-key'),
  base_url: 'https://host.test',
})
if (options instanceof Promise || options.issues) throw new TypeError('the options are refused')

const checks = recordedChecks({
  folder: new URL('../../../shared/recorded/azure/', import.meta.url),
  provider: plugin.create(options.value),
  model: 'a-deployment',
  // Answers of the Responses API, which is no operation here.
  operationOf: () => undefined,
})

for (const { name, skipped, run } of checks) {
  if (skipped !== undefined) console.log(`${name}: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

import { Secret } from '@llmproxy/provider-kit'
import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { test } from 'vitest'
import plugin from './src/index.ts'
import { options } from './src/options.ts'
import { encodeEvent } from './test/encode-event.ts'

const provider = plugin.create(options.parse({ api_key: new Secret('test-key'), region: 'us-east-1' }))
const folder = new URL('../../../shared/recorded/bedrock/', import.meta.url)

/** A line is `{"<event>": payload}`; on the wire it is one binary message. */
function block(line: string): Uint8Array {
  const [event = '', payload] = Object.entries(JSON.parse(line) as Record<string, unknown>)[0] ?? []
  return encodeEvent({ event, payload })
}

for (const check of recordedChecks({ folder, provider, model: 'a-model', block, endings: [''] })) {
  const { name, skipped, run } = check
  if (skipped !== undefined) console.log(`skipped: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

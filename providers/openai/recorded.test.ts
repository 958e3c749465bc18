import { existsSync, readFileSync } from 'node:fs'
import type { OperationName } from '@llmproxy/provider-kit'
import { openaiFault, Secret } from '@llmproxy/provider-kit'
import { recordedChecks } from '@llmproxy/provider-kit/testing'
import { expect, test } from 'vitest'
import plugin from './src/index.ts'

const folder = new URL('../../../shared/recorded/openai/', import.meta.url)

const provider = plugin.create({
  api_key: new Secret('test-key'),
  base_url: 'https://host.test/v1',
  api: 'openai-chat',
  model_fixes: true,
  video_poll_interval: 5,
})

/** Bodies with an error status are answers of no operation: they are classified below. */
const errors = {
  'openai-error.1.json': { status: 429, kind: 'quota_exhausted', code: 'insufficient_quota' },
  'reasoning-model-legacy-parameter-error.json': {
    status: 400,
    kind: 'invalid_request',
    param: 'max_tokens',
    code: 'unsupported_parameter',
  },
} as const

function operationOf(file: string): OperationName | undefined {
  if (file in errors) return undefined
  if (file.includes('completion')) return 'completions'
  return file.includes('embedding') ? 'embeddings' : 'chat'
}

const answers = recordedChecks({
  folder,
  provider,
  model: 'gpt-3.5-turbo-instruct',
  operationOf,
})

for (const { name, skipped, run } of answers.filter((check) => !isError(check.name))) {
  if (skipped !== undefined) console.log(`${name}: ${skipped}`)
  test.skipIf(skipped !== undefined)(name, run)
}

for (const [file, { status, ...fault }] of Object.entries(errors)) {
  const present = existsSync(new URL(file, folder))
  if (!present) console.log(`${file} is not beside the checkout`)
  test.skipIf(!present)(`the recorded error ${file} is classified`, () => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const body: unknown = JSON.parse(text)
    expect(openaiFault({ status, headers: {}, body, text, inBand: false })).toMatchObject(fault)
  })
}

function isError(name: string): boolean {
  return Object.keys(errors).some((file) => name.includes(file))
}

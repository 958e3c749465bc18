import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Call, openaiDecoder, openaiFault, ProviderFault, Secret } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import plugin from './index.ts'

const folder = fileURLToPath(new URL('../../../../shared/recorded/openai/', import.meta.url))
const present = existsSync(folder)
if (!present) console.log(`recorded answers are not here (${folder}): their replay is skipped`)

const read = (name: string) => readFileSync(folder + name, 'utf8')
const call = {
  id: 'abc',
  created: 7,
  stream: true,
  headers: {},
  dropped: () => undefined,
  body: { model: 'm' },
}

function failed(status: number, name: string) {
  const text = read(name)
  return openaiFault({ status, headers: {}, body: JSON.parse(text) as unknown, text, inBand: false })
}

describe.skipIf(!present)('recorded answers', () => {
  test('a chat stream is read as it is, with and without [DONE]', () => {
    const lines = read('openai-text.chunks.txt').split('\n').filter(Boolean)
    for (const ending of [['[DONE]'], []]) {
      const decoder = openaiDecoder()
      const chunks = [...lines, ...ending].flatMap((data) => decoder.event({ data }))
      expect(chunks).toEqual(lines.map((line) => JSON.parse(line) as unknown))
      expect(decoder.end?.()).toEqual([])
    }
  })

  test('a chat stream that is cut anywhere before its end is a fault', () => {
    const lines = read('openai-text.chunks.txt').split('\n').filter(Boolean)
    const end = lines.findIndex((line) => /"finish_reason":"/.test(line))
    for (let cut = 0; cut <= end; cut++) {
      const decoder = openaiDecoder()
      for (const data of lines.slice(0, cut)) decoder.event({ data })
      expect(() => decoder.end?.()).toThrow(ProviderFault)
    }
  })

  test('a legacy completion is given back whole', () => {
    const provider = plugin.create({
      api_key: new Secret('k'),
      base_url: 'https://host.test/v1',
      api: 'openai-chat',
      model_fixes: true,
    })
    const body: unknown = JSON.parse(read('openai-completion-text.json'))
    const native = { ...call, model: 'gpt-3.5-turbo-instruct' } as unknown as Call<never>
    expect(provider.operations.completions?.response?.(body, native)).toEqual(body)
  })

  test('errors are classified', () => {
    expect(failed(429, 'openai-error.1.json')).toMatchObject({
      kind: 'quota_exhausted',
      code: 'insufficient_quota',
    })
    expect(failed(400, 'reasoning-model-legacy-parameter-error.json')).toMatchObject({
      kind: 'invalid_request',
      param: 'max_tokens',
      code: 'unsupported_parameter',
    })
  })
})

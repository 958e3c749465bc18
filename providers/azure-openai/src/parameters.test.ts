import type { Call, ChatRequest } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { knownBy } from './feature-floor.ts'
import { parametersFor } from './parameters.ts'

interface Setting {
  readonly version?: string
  readonly own?: Readonly<Record<string, string | false>>
  readonly baseModel?: string
}

function patched(members: Partial<ChatRequest>, { version, own = {}, baseModel }: Setting = {}) {
  const dropped: string[] = []
  const body = Object.freeze({ model: 'd', messages: [{ role: 'user' as const, content: 'x' }], ...members })
  const call = { model: 'd', body, dropped: (field: string) => void dropped.push(field) }
  const parameters = parametersFor({ knows: knownBy(version, own), own })
  return { patch: parameters(call as unknown as Call<ChatRequest>, baseModel), dropped }
}

const everything = {
  max_completion_tokens: 5,
  seed: 1,
  tools: [{ type: 'function', function: { name: 'f' } }],
  tool_choice: 'auto' as const,
  parallel_tool_calls: false,
  stream: true,
  stream_options: { include_usage: true },
  store: true,
  metadata: { a: 'b' },
  reasoning_effort: 'low',
  response_format: { type: 'json_schema', json_schema: { name: 'n' } },
  verbosity: 'low',
  extension: 1,
}
const { response_format: _format, ...withoutSchema } = everything
const { tools: _tools, tool_choice: _choice, parallel_tool_calls: _parallel, ...withoutTools } = withoutSchema

describe('versions', () => {
  test.each([undefined, 'preview', 'v1', '2024-12-01-preview', '2025-04-01-preview'])(
    '%s knows everything',
    (version) => {
      expect(patched(everything, version === undefined ? {} : { version })).toEqual({
        patch: undefined,
        dropped: [],
      })
    },
  )

  test.each<[string, object, string[]]>([
    ['2024-10-21', everything, ['store', 'metadata', 'reasoning_effort', 'verbosity']],
    [
      '2024-08-01-preview',
      everything,
      ['parallel_tool_calls', 'store', 'metadata', 'reasoning_effort', 'verbosity'],
    ],
    [
      '2023-12-01-preview',
      withoutSchema,
      ['parallel_tool_calls', 'store', 'metadata', 'reasoning_effort', 'verbosity'],
    ],
    ['2023-05-15', withoutTools, ['seed', 'store', 'metadata', 'reasoning_effort', 'verbosity']],
  ])('%s: what it does not know goes, and is reported', (version, members, dropped) => {
    const { patch = {}, dropped: found } = patched(members, { version })
    expect(found).toEqual(dropped)
    for (const name of dropped) expect(patch).toHaveProperty(name, undefined)
    expect('stream_options' in patch).toBe(version < '2024-09')
    expect(patch['max_tokens']).toBe(version < '2024-09' ? 5 : undefined)
  })

  test.each<[string, object, string]>([
    ['2023-05-15', { tools: everything.tools }, 'tools'],
    ['2024-06-01', { response_format: everything.response_format }, 'response_format'],
  ])(
    '%s: without %j the answer would be another one, so other providers are asked',
    (version, members, param) => {
      const fault = expect.objectContaining({ kind: 'unsupported', param }) as unknown
      expect(() => patched(members, { version })).toThrow(expect.objectContaining({ fault }))
    },
  )

  test('what asks for nothing is no loss', () => {
    const members = { tools: [], response_format: { type: 'text' }, store: false, metadata: null }
    expect(patched(members, { version: '2023-05-15' }).dropped).toEqual([])
  })

  test('the operator’s own floors win', () => {
    const own = {
      seed: false as const,
      store: '2023-05-15',
      extension: '2024-01-01',
      'messages.developer': false as const,
    }
    const members = {
      seed: 1,
      store: true,
      extension: 1,
      messages: [{ role: 'developer' as const, content: 'x' }],
    }
    expect(patched(members, { version: '2023-05-15', own })).toEqual({
      patch: { extension: undefined },
      dropped: ['extension'],
    })
  })

  test('the role developer is the system’s where it is not known', () => {
    const messages = [{ role: 'developer' as const, content: 'x' }]
    expect(patched({ messages }, { version: '2024-10-21' })).toEqual({
      patch: { messages: [{ role: 'system', content: 'x' }] },
      dropped: [],
    })
    expect(patched({ messages }).patch).toBeUndefined()
  })
})

describe('models behind deployments', () => {
  test.each(['o1', 'o3-mini', 'gpt-5', 'gpt-5.1-codex'])('%s gets the limit by its new name', (baseModel) => {
    expect(patched({ max_tokens: 5, logit_bias: { 1: 2 } }, { baseModel })).toEqual({
      patch: { max_tokens: undefined, max_completion_tokens: 5, logit_bias: undefined },
      dropped: ['logit_bias'],
    })
  })

  test('one that reasons has no limit in a version without the new name', () => {
    const limits = { baseModel: 'o1', version: '2024-06-01' }
    expect(patched({ max_tokens: 5 }, limits).dropped).toEqual(['max_tokens'])
    expect(patched({ max_completion_tokens: 5 }, limits).dropped).toEqual(['max_completion_tokens'])
  })

  test('others take everything', () => {
    for (const baseModel of ['gpt-4o', 'gpt-5-chat', ''])
      expect(patched({ max_tokens: 5, temperature: 1 }, { baseModel }).patch).toBeUndefined()
  })
})

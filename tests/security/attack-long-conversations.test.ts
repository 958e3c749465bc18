import type { Call, ProviderPlugin } from '@llmproxy/provider-kit'
import anthropic from '@llmproxy/provider-anthropic'
import bedrock from '@llmproxy/provider-bedrock'
import gemini from '@llmproxy/provider-gemini'
import ollama from '@llmproxy/provider-ollama'
import { expect, test } from 'vitest'

const settings: readonly (readonly [plugin: ProviderPlugin, model: string, options: object])[] = [
  [anthropic, 'claude-sonnet-4-5', { api_key: 'test-key' }],
  [bedrock, 'anthropic.claude-v1', { region: 'us-east-1', api_key: 'test-key' }],
  [gemini, 'gemini-2.5-pro', { api_key: 'test-key' }],
  [ollama, 'm', { api: 'native' }],
]

const count = 24_000
const user = { role: 'user', content: 'a' }
const many = <Item>(make: (index: number) => Item): Item[] =>
  Array.from({ length: count }, (_, index) => make(index))
const calling = (ids: readonly string[]) => ({
  role: 'assistant',
  content: null,
  tool_calls: ids.map((id) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
})
const result = (id: string) => ({ role: 'tool', tool_call_id: id, content: 'r' })
const ids = many((index) => `call_${index}`)
const longIds = many((index) => `${'x'.repeat(70)}${index}`)
const pdf = { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AAAA' }

const conversations: readonly (readonly [name: string, messages: readonly object[]])[] = [
  ['results in the order of their calls', [user, calling(ids), ...ids.map(result)]],
  ['results in the opposite order', [user, calling(ids), ...ids.toReversed().map(result)]],
  ['ids that differ where they are cut', [user, calling(longIds), ...longIds.map(result)]],
  ['the same id in every turn', [user, ...many(() => [calling(['a!']), result('a!')]).flat()]],
  ['files of the same name', [{ role: 'user', content: many(() => ({ type: 'file', file: pdf })) }]],
  [
    'more parts than fit onto the stack',
    [
      { role: 'system', content: Array.from({ length: 300_000 }, () => ({ type: 'text', text: 'a' })) },
      user,
      { role: 'user', content: Array.from({ length: 20_000 }, () => ({ type: 'text', text: 'a' })) },
    ],
  ],
]

test.each(conversations)(
  '%s take a time that grows with their number, not its square',
  async (_, messages) => {
    for (const [plugin, model, options] of settings) {
      const checked = await plugin.options['~standard'].validate(options)
      if (checked.issues !== undefined) throw new Error(JSON.stringify(checked.issues))
      const { chat } = plugin.create(checked.value).operations
      const body = { model, messages }
      const call = { id: 'a', created: 1, model, stream: false, body, headers: {}, dropped: () => undefined }
      const from = performance.now()
      try {
        chat!.request(call as unknown as Call<never>)
      } catch (error) {
        // A vendor without files says so.
        if (!(error instanceof Error && error.message.includes('content[0].type'))) throw error
      }
      expect([plugin.type, performance.now() - from < 1500]).toEqual([plugin.type, true])
    }
  },
)

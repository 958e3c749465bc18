import { ProviderFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { sampleCall, sampleProvider } from '../test/subject.ts'

const chat = (body: object, model = 'grok-3', options: object = {}) => {
  const call = sampleCall({ messages: [{ role: 'user', content: 'Hi' }], ...body }, { model })
  const sent = sampleProvider(options).operations.chat!.request(call)
  return { ...sent, reported: call.reported }
}

describe('parameters', () => {
  test.each<[string, object, object, string[]]>([
    ['max_tokens', { max_tokens: 5 }, { max_completion_tokens: 5 }, []],
    ['both limits', { max_tokens: 5, max_completion_tokens: 9 }, {}, ['max_tokens']],
    [
      'a choice without tools',
      { tool_choice: 'required', parallel_tool_calls: false },
      {},
      ['tool_choice', 'parallel_tool_calls'],
    ],
    ['no choice without tools', { tool_choice: 'none', tools: [] }, {}, []],
    ['a usual service', { service_tier: 'auto' }, {}, []],
    ['a cache key that is no header', { prompt_cache_key: 'ключ' }, {}, ['prompt_cache_key']],
    ['an answer for later', { deferred: true }, {}, ['deferred']],
    ['an answer now', { deferred: false }, {}, []],
    ['nothing', { stop: null, metadata: null, logit_bias: null }, {}, []],
  ])('of %s', (_, body, expected, reported) => {
    const result = chat(body)
    const set = Object.entries(result.patch ?? {}).filter(([, value]) => value !== undefined)
    expect([Object.fromEntries(set), result.reported]).toEqual([expected, reported])
  })

  test.each<[string, string[]]>([
    ['grok-3', []],
    ['grok-4', ['stop', 'presence_penalty']],
    ['grok-4-fast-non-reasoning', []],
  ])('stop and penalties of %s: dropped are %j', (model, reported) => {
    const result = chat({ stop: 'END', presence_penalty: 1, frequency_penalty: 0 }, model)
    expect(result.reported).toEqual(reported)
  })

  test('live search that is off asks for nothing', () => {
    expect(chat({ search_parameters: { mode: 'off' } })).toMatchObject({ reported: [] })
  })
})

describe('odd requests', () => {
  const odd: readonly unknown[] = [null, undefined, 7, 'text', [], {}, [null], [7], [[]], [{}], [{ type: 7 }]]
  const user = { role: 'user', content: 'a' }
  const bodies = odd.flatMap((value): object[] => [
    { messages: value },
    { messages: [value] },
    ...['system', 'user', 'assistant', 'tool', 'function', 'x'].map((role) => ({
      messages: [{ role, content: value }],
    })),
    { messages: [user, { role: 'assistant', content: value, tool_calls: value, refusal: value }] },
    {
      messages: [
        { role: 'assistant', function_call: value },
        { role: 'function', name: value },
      ],
    },
    ...['image_url', 'file', 'text', 'refusal', 'input_audio'].map((type) => ({
      messages: [{ role: 'user', content: [{ type, [type]: value }] }],
    })),
    { tools: value, tool_choice: value, functions: value, function_call: value },
    {
      tools: [{ type: 'function', function: value }],
      tool_choice: { type: 'allowed_tools', allowed_tools: value },
    },
    { tools: [{ type: 'function', function: { name: 'a', parameters: value, strict: true } }] },
    { response_format: value, reasoning_effort: value, temperature: value, max_tokens: value, stop: value },
    { prompt_cache_key: value, search_parameters: value, service_tier: value },
  ])

  test.each([{}, { api: 'complete' }])('are sent or refused with %o, and nothing else', (options) => {
    for (const body of bodies) {
      let failure: unknown
      try {
        chat(body, 'grok-4', options)
      } catch (error) {
        failure = error
      }
      if (failure !== undefined && !ProviderFault.is(failure)) throw failure
    }
  })
})

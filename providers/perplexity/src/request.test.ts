import { ProviderFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { faultOf, sampleCall, sampleProvider } from '../test/subject.ts'

const chat = (body: object, options: object = {}, model = 'sonar') => {
  const call = sampleCall({ messages: [{ role: 'user', content: 'Hi' }], ...body }, { model })
  const sent = sampleProvider(options).operations.chat!.request(call)
  return { patch: sent.patch, reported: call.reported }
}
const messages = (...list: unknown[]) => chat({ messages: list }).patch?.['messages']
const user = (content: unknown) => ({ role: 'user', content })
const assistant = (content: unknown) => ({ role: 'assistant', content })

describe('messages', () => {
  test('in good order stay the client’s own bytes', () => {
    expect(messages({ role: 'system', content: 'S' }, user('a'), assistant('b'), user('c'))).toBeUndefined()
  })

  test.each<[string, unknown[], unknown[]]>([
    ['two of one role', [user('a'), user('b')], [user('a\n\nb')]],
    ['empty ones of one role', [user(''), user('b')], [user('b')]],
    ['parts of text', [user([{ type: 'text', text: 'a' }])], [user('a')]],
    [
      'an assistant at the beginning',
      [assistant('a'), user('b')],
      [user('Hello.'), assistant('a'), user('b')],
    ],
    ['an assistant at the end', [user('a'), assistant('b')], [user('a'), assistant('b'), user('Continue.')]],
    ['an assistant without words', [user('a'), assistant(null), user('b')], [user('a\n\nb')]],
    ['an assistant alone', [assistant('')], [user('Continue.')]],
  ])('of %s are brought into it', (_, given, expected) => {
    expect(messages(...given)).toEqual(expected)
  })

  test('with a picture keep their parts', () => {
    const picture = { type: 'image_url', image_url: { url: 'https://a.example/a.png' } }
    expect(messages(user([picture]), user('b'))).toEqual([user([picture, { type: 'text', text: 'b' }])])
    expect(
      messages(user('a'), { role: 'tool', tool_call_id: 'x', name: 'look', content: [picture] }),
    ).toEqual([
      user([{ type: 'text', text: 'a' }, { type: 'text', text: 'Result of the tool look:' }, picture]),
    ])
  })

  test.each<[unknown, unknown]>([
    ['data:text/plain,Hi%20you', Buffer.from('Hi you').toString('base64')],
    ['data:application/pdf;base64,JVBERi0=', 'JVBERi0='],
    ['JVBERi0=', 'JVBERi0='],
    ['https://a.example/a.pdf', 'https://a.example/a.pdf'],
  ])('with the file %s send %s', (file_data, url) => {
    expect(messages(user([{ type: 'file', file: { file_data } }]))).toEqual([
      user([{ type: 'file_url', file_url: { url } }]),
    ])
  })
})

describe('odd requests', () => {
  const odd: readonly unknown[] = [null, undefined, 7, 'text', [], {}, [null], [7], [[]], [{}], [{ type: 7 }]]
  const bodies = odd.flatMap((value): object[] => [
    { messages: value },
    { messages: [value] },
    ...['system', 'user', 'assistant', 'tool', 'function', 'x'].map((role) => ({
      messages: [{ role, content: value }],
    })),
    { messages: [user('a'), { role: 'assistant', content: value, tool_calls: value }] },
    { messages: [user('a'), { role: 'assistant', tool_calls: [{ function: value }] }] },
    {
      messages: [
        { role: 'assistant', function_call: value },
        { role: 'tool', tool_call_id: value },
      ],
    },
    ...['image_url', 'file', 'text', 'refusal', 'input_audio'].map((type) => ({
      messages: [user([{ type, [type]: value }])],
    })),
    { tools: value, tool_choice: value, functions: value, function_call: value },
    { response_format: value, reasoning_effort: value, temperature: value, max_tokens: value },
    { response_format: { type: 'json_schema', json_schema: value } },
  ])

  test.each([{}, { tools: true }, { api: 'ask' }])(
    'are sent or refused with %o, and nothing else',
    (options) => {
      for (const body of bodies) {
        let failure: unknown
        try {
          chat(body, options)
        } catch (error) {
          failure = error
        }
        if (failure !== undefined && !ProviderFault.is(failure)) throw failure
      }
    },
  )
})

describe('parameters', () => {
  test.each<[string, object, object, string[]]>([
    ['max_completion_tokens', { max_completion_tokens: 5 }, { max_tokens: 16 }, ['max_completion_tokens']],
    ['both limits', { max_tokens: 50, max_completion_tokens: 60 }, { max_tokens: 60 }, ['max_tokens']],
    ['a text as format', { response_format: { type: 'text' } }, {}, []],
    ['another format', { response_format: { type: 'xml' } }, {}, ['response_format']],
    ['no penalty', { frequency_penalty: 0, presence_penalty: 0 }, {}, []],
    ['tools of an account without', { tools: [], parallel_tool_calls: true, tool_choice: 'none' }, {}, []],
    ['a choice without tools', { tool_choice: 'required' }, {}, ['tool_choice']],
    ['nothing', { seed: null, user: null, n: null }, {}, []],
  ])('of %s', (_, body, expected, reported) => {
    const result = chat(body)
    const set = Object.entries(result.patch ?? {}).filter(([, value]) => value !== undefined)
    expect([Object.fromEntries(set), result.reported]).toEqual([expected, reported])
  })

  test.each<[unknown, string, unknown, boolean]>([
    ['low', 'sonar-reasoning-pro', 'low', false],
    ['max', 'sonar-deep-research', 'high', true],
    ['none', 'sonar-reasoning-pro', undefined, true],
    ['none', 'sonar', undefined, false],
    ['high', 'sonar-pro', undefined, true],
    ['much', 'sonar-reasoning-pro', undefined, true],
  ])('reasoning_effort %s of %s', (effort, model, sent, reported) => {
    const result = chat({ reasoning_effort: effort }, {}, model)
    const patch = { reasoning_effort: effort, ...result.patch }
    expect([patch.reasoning_effort, result.reported.length > 0]).toEqual([sent, reported])
  })

  test('tools of an account without them are for another provider', () => {
    const tools = [{ type: 'function', function: { name: 'a' } }]
    expect(faultOf(() => chat({ tools }))).toMatchObject({ kind: 'unsupported', param: 'tools' })
    expect(faultOf(() => chat({ functions: [{ name: 'a' }] }))).toMatchObject({ kind: 'unsupported' })
  })
})

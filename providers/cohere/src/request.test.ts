import { ProviderFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'

const user = { role: 'user', content: 'Hi' }
const tool = (name: string) => ({ type: 'function', function: { name } })
const schema = { type: 'object', properties: {} }
const format = { type: 'json_schema', json_schema: { name: 'x', schema } }

describe('parameters', () => {
  test.each<[object, object, string[]]>([
    [{ temperature: -1 }, { temperature: 0 }, ['temperature']],
    [{ top_p: 0 }, { p: 0.01 }, ['top_p']],
    [{ p: 2, top_p: 0.5 }, { p: 0.99 }, ['p', 'top_p']],
    [{ frequency_penalty: 0, presence_penalty: 0.5 }, { presence_penalty: 0.5 }, []],
    [{ frequency_penalty: -1, presence_penalty: -1 }, {}, ['frequency_penalty', 'presence_penalty']],
    [{ frequency_penalty: 2, presence_penalty: 0 }, { frequency_penalty: 1 }, ['frequency_penalty']],
    [{ stop: '' }, {}, []],
    [{ stop: ['', 'END'] }, { stop_sequences: ['END'] }, []],
    [{ reasoning_effort: 'none' }, { thinking: { type: 'disabled' } }, []],
    [{ logprobs: false, n: 1, seed: null }, {}, []],
    [{ tool_choice: 'auto' }, {}, []],
    [{ tool_choice: 'none' }, {}, ['tool_choice']],
    [{ response_format: { type: 'text' } }, {}, []],
    [
      { response_format: { type: 'json_object', json_schema: schema } },
      { response_format: { type: 'json_object', json_schema: schema } },
      [],
    ],
    [{ strict_tools: true }, { strict_tools: true }, []],
  ])('%j are sent as %j, and %j is reported', (given, expected, reported) => {
    const { body, dropped } = sent(given)
    expect(body).toEqual({ model: 'm', messages: [user], ...expected })
    expect(dropped.toSorted()).toEqual(reported.toSorted())
  })

  test('the vendor’s own words for the tool choice, and several allowed tools', () => {
    const tools = ['f', 'g', 'h'].map(tool)
    expect(sent({ tools, tool_choice: 'REQUIRED' }).body['tool_choice']).toBe('REQUIRED')
    expect(sent({ tools, tool_choice: 'NONE' }).body['tool_choice']).toBe('NONE')
    const allowed = { mode: 'required', tools: [tool('h'), tool('f')] }
    const { body } = sent({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } })
    expect(body).toMatchObject({ tools: [tool('f'), tool('h')], tool_choice: 'REQUIRED' })
    const missing = { type: 'function', function: { name: 'x' } }
    expect(faultOf(() => sent({ tools, tool_choice: missing }))).toMatchObject({ param: 'tool_choice' })
    expect(faultOf(() => sent({ tool_choice: 'required' }))).toMatchObject({ param: 'tool_choice' })
  })

  test('one strict tool makes all strict, which a request cannot take back', () => {
    const strict = { type: 'function', function: { name: 'f', strict: true } }
    const { body, dropped } = sent({ strict_tools: false, tools: [strict, tool('g')] })
    expect([body['strict_tools'], dropped]).toEqual([true, ['strict_tools']])
  })

  test('a schema beside a file with text is not offered', () => {
    const file = { type: 'file', file: { file_data: 'data:text/plain,Hi' } }
    const messages = [{ role: 'user', content: [{ type: 'text', text: 'Sum up' }, file] }]
    expect(faultOf(() => sent({ messages, response_format: format })).kind).toBe('unsupported')
    expect(sent({ messages, documents: ['a'] }).body['documents']).toEqual(['a', { data: { text: 'Hi' } }])
  })

  test('the old format knows no tools and no schemas, and says so by name', () => {
    const old = { api: 'generate' }
    expect(faultOf(() => sent({ tools: [tool('f')] }, old))).toMatchObject({
      kind: 'unsupported',
      param: 'tools',
    })
    expect(faultOf(() => sent({ response_format: format }, old)).kind).toBe('unsupported')
    expect(sent({ response_format: { type: 'json_object' }, tools: [] }, old).dropped).toEqual([
      'response_format',
    ])
    const both = { stop: 'a', end_sequences: ['b'], top_k: 1, k: 2 }
    expect(sent(both, old)).toMatchObject({
      body: { end_sequences: ['b'], k: 2 },
      dropped: ['stop', 'top_k'],
    })
  })
})

describe('what is lost', () => {
  test('of tools and functions is reported', () => {
    const lossy = {
      type: 'function',
      cache: 1,
      function: { name: 'f', strict: false, returns: 'x', y: null },
    }
    const { dropped } = sent({ tools: [lossy], functions: [{ name: 'g', returns: 'x' }] })
    expect(new Set(dropped)).toEqual(
      new Set(['tools[0].cache', 'tools[0].function.returns', 'functions[0].returns']),
    )
  })

  test('of content is reported, in every role', () => {
    const mark = { cache_control: { type: 'ephemeral' } }
    const text = { type: 'text', text: 'a', ...mark }
    const image = { type: 'image_url', image_url: { url: 'https://example.test/a.png', alt: 'b' }, ...mark }
    const file = { type: 'file', file: { file_data: 'data:text/plain,Hi', file_id: 'c' }, ...mark }
    const call = { id: 'x', type: 'function', function: { name: 'f', arguments: '{}' } }
    const messages = [
      { role: 'system', content: [text] },
      { role: 'user', content: [text, image, file] },
      { role: 'assistant', content: [text], tool_calls: [call] },
      { role: 'tool', tool_call_id: 'x', content: [text] },
    ]
    expect(sent({ messages }).dropped).toEqual([
      'messages[0].content[0].cache_control',
      'messages[1].content[0].cache_control',
      'messages[1].content[1].cache_control',
      'messages[1].content[1].image_url.alt',
      'messages[1].content[2].cache_control',
      'messages[1].content[2].file.file_id',
      'messages[2].content[0].cache_control',
      'messages[3].content[0].cache_control',
    ])
  })

  test('of two choices is the one of old clients', () => {
    const both = { functions: [{ name: 'f' }], tool_choice: 'none', function_call: { name: 'f' } }
    expect(sent(both)).toMatchObject({ body: { tool_choice: 'NONE' }, dropped: ['function_call'] })
    expect(sent({ ...both, tool_choice: null })).toMatchObject({
      body: { tool_choice: 'REQUIRED' },
      dropped: [],
    })
  })
})

describe('messages', () => {
  test('names of tools that the vendor refuses are unique, and the plain ones stay', () => {
    const tools = ['a-b', 'a.b', 'a_b', '1st', ''].map(tool)
    const { body } = sent({ tools })
    const names = (body['tools'] as { function: { name: string } }[]).map((each) => each.function.name)
    expect(names).toEqual(['a_b_2', 'a_b_3', 'a_b', '_1st', '_'])
  })

  test('thousands of names that become the same are told apart in no time', () => {
    const names = Array.from({ length: 8000 }, (_, index) =>
      String.fromCharCode(0x4e00 + (index % 100), 0x4e00 + index / 100),
    )
    const begun = performance.now()
    const { body } = sent({ tools: names.map(tool) })
    // Some milliseconds; it was seconds when each name was counted from the beginning.
    expect(performance.now() - begun).toBeLessThan(1000)
    const sentNames = (body['tools'] as { function: { name: string } }[]).map((each) => each.function.name)
    expect(new Set(sentNames).size).toBe(8000)
    expect(sentNames.at(-1)).toBe('___8000')
  })

  test('what only describes an earlier answer is left out without a report', () => {
    const said = {
      role: 'assistant',
      content: null,
      refusal: 'No.',
      annotations: [],
      reasoning_content: 'Hm.',
    }
    const { body, dropped } = sent({ messages: [user, said, { ...user, name: 'ann' }] })
    expect(body['messages']).toEqual([user, { role: 'assistant', content: 'No.' }, user])
    expect(dropped).toEqual(['messages[2].name'])
  })

  test('an image needs a URL that the vendor can open; an unknown detail is reported', () => {
    const ask = (image: unknown) =>
      sent({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: image }] }] })
    expect(faultOf(() => ask({ url: 'http://example.test/a.png' })).param).toBe(
      'messages[0].content[0].image_url.url',
    )
    expect(ask({ url: 'https://example.test/a.png', detail: 'original' }).dropped).toEqual([
      'messages[0].content[0].image_url.detail',
    ])
  })

  const odd = [null, 1, 'x', [], {}, [null], [[]], [{}], [{ type: 'x' }], [{ type: 'text' }], { type: 1 }]
  test.each(odd.map((value) => [value]))(
    'whatever stands in a request, it is sent or refused with a path: %j',
    (value) => {
      const roles = ['system', 'user', 'assistant', 'tool', 'function', 'nobody', undefined]
      const bodies = [
        { messages: value },
        { messages: [value] },
        { tools: value },
        { functions: value, function_call: value },
        { response_format: value, documents: value },
        { tool_choice: value, tools: [tool('f')] },
        ...roles.flatMap((role) => [
          { messages: [{ role, content: value, tool_call_id: 'a', name: 'b' }] },
          { messages: [{ role, content: '', tool_calls: value, function_call: value, tool_call_id: value }] },
          ...['image_url', 'file'].map((type) => ({
            messages: [{ role, content: [{ type, [type]: value }] }],
          })),
        ]),
      ]
      for (const api of ['chat-v2', 'generate'])
        expect(bodies.flatMap((body) => misdeed(body, api))).toEqual([])
    },
  )
})

/** What is wrong with the way in which a body is refused; nothing when it is sent. */
function misdeed(body: object, api: string): string[] {
  try {
    sent(body, { api })
    return []
  } catch (error) {
    if (!ProviderFault.is(error)) return [String((error as Error).stack)]
    return typeof error.fault.param === 'string' ? [] : [error.message]
  }
}

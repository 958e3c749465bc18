import { type Call, type ChatRequest, ProviderFault } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { callId } from './call-ids.ts'
import { options } from './options.ts'
import { chatRequest } from './request.ts'

function sent(given: object, configured: object = {}) {
  const dropped: string[] = []
  const body: Record<string, unknown> = { messages: [{ role: 'user', content: 'Hi' }], ...given }
  const call: Call<ChatRequest> = {
    id: 'abc',
    created: 7,
    model: 'm',
    stream: false,
    headers: {},
    body: body as ChatRequest,
    dropped: (field) => void dropped.push(field),
  }
  const { patch } = chatRequest(call, options.parse({ api_key: 'k', ...configured }))
  return { patch, messages: patch?.['messages'], dropped }
}

/** What is wrong with the way in which a body is refused; nothing when it is sent. */
function misdeed(body: object): string[] {
  try {
    sent(body)
    return []
  } catch (error) {
    if (!ProviderFault.is(error)) return [String((error as Error).stack)]
    return typeof error.fault.param === 'string' ? [] : [error.message]
  }
}

const user = { role: 'user', content: 'Hi' }
const called = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{"a":1}' } })

describe('the client’s own bytes stay', () => {
  const tool = { type: 'function', function: { name: 'f', parameters: { type: 'object' } } }

  test.each([
    [{}],
    [{ temperature: 0.2, max_tokens: 5, stop: 'END', n: 2, response_format: { type: 'json_object' } }],
    [{ tools: [tool], tool_choice: 'auto', parallel_tool_calls: true }],
    [
      {
        messages: [
          user,
          { role: 'assistant', content: '', tool_calls: [called('aB3dE5gH7')] },
          { role: 'tool', tool_call_id: 'aB3dE5gH7', content: 'x' },
        ],
      },
    ],
    [{ messages: [user, { role: 'assistant', content: 'Once', prefix: true }] }],
  ])('where nothing has to change: %j', (body) => {
    expect(sent(body)).toEqual({ patch: undefined, messages: undefined, dropped: [] })
  })
})

describe('members', () => {
  test('that are null, and the gateway’s own, are left out without a report', () => {
    const { patch, dropped } = sent({ stop: null, seed: null, user: null, stream_options: {}, tools: null })
    expect(patch).toStrictEqual({
      stop: undefined,
      seed: undefined,
      user: undefined,
      stream_options: undefined,
      tools: undefined,
    })
    expect(dropped).toEqual([])
  })

  test('that the vendor does not know are reported, in tools and parts too', () => {
    const tool = { type: 'function', cache: 1, function: { name: 'f', parameters: {}, returns: 'x' } }
    const part = { type: 'text', text: 'Hi', cache_control: { type: 'ephemeral' } }
    const { patch, dropped } = sent({ tools: [tool], messages: [{ role: 'user', content: [part] }] })
    expect(patch).toEqual({
      tools: [{ type: 'function', function: { name: 'f', parameters: {} } }],
      messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    })
    expect(dropped).toEqual([
      'messages[0].content[0].cache_control',
      'tools[0].cache',
      'tools[0].function.returns',
    ])
  })

  test('`functions` beside tools are tools too, and what is lost of them is reported', () => {
    const tool = { type: 'function', function: { name: 'f', parameters: {} } }
    const { patch, dropped } = sent({ tools: [tool], functions: [{ name: 'g', returns: 'x' }] })
    const other = {
      type: 'function',
      function: { name: 'g', parameters: { type: 'object', properties: {} } },
    }
    expect(patch).toEqual({ tools: [tool, other] })
    expect(new Set(dropped)).toEqual(new Set(['functions[0].returns']))
  })

  test('where both choices are there, `tool_choice` holds', () => {
    const both = { functions: [{ name: 'f' }], tool_choice: 'none', function_call: { name: 'f' } }
    expect(sent(both).dropped).toEqual(['function_call'])
    expect(sent({ ...both, tool_choice: null }).patch).toMatchObject({ tool_choice: 'any' })
  })

  test('of a file without an equivalent are reported', () => {
    const file = { file_data: 'data:application/pdf;base64,AAAA', filename: 'a.pdf' }
    const part = { type: 'file', file, cache_control: { type: 'ephemeral' } }
    const { messages, dropped } = sent({ messages: [{ role: 'user', content: [part] }] })
    expect(messages).toEqual([
      { role: 'user', content: [{ type: 'document_url', document_url: file.file_data }] },
    ])
    expect(dropped).toEqual(['messages[0].content[0].cache_control', 'messages[0].content[0].file.filename'])
  })

  test('of the tool choice: the vendor’s own word, several allowed tools, a tool that is not there', () => {
    const tools = ['f', 'g', 'h'].map((name) => ({ type: 'function', function: { name, parameters: {} } }))
    expect(sent({ tools, tool_choice: 'any' }).patch).toBeUndefined()
    const allowed = { mode: 'auto', tools: [{ type: 'function', function: { name: 'g' } }] }
    const { patch } = sent({ tools, tool_choice: { type: 'allowed_tools', allowed_tools: allowed } })
    expect(patch).toEqual({ tools: [tools[1]], tool_choice: 'auto' })
    expect(() => sent({ tools, tool_choice: { type: 'function', function: { name: 'x' } } })).toThrow('"x"')
    expect(sent({ tool_choice: 'none' }).dropped).toEqual(['tool_choice'])
  })
})

describe('messages', () => {
  test('ids become nine letters or digits, alike wherever they stand', () => {
    for (const id of ['call_1', 'toolu_01AbCdEfGhIjKlMnOpQrStUv', 'aB3dE5gH', 'ünïcödé!!', '']) {
      expect(callId(id)).toMatch(/^[a-zA-Z0-9]{9}$/)
      expect(callId(id)).toBe(callId(id))
    }
    expect(callId('aB3dE5gH7')).toBe('aB3dE5gH7')
    const ids = Array.from({ length: 2000 }, (_, index) => callId(`call_${index}`))
    expect(new Set(ids).size).toBe(2000)
  })

  test('between a tool result and a user message an assistant’s is put only when it is configured', () => {
    const result = { role: 'tool', tool_call_id: 'aB3dE5gH7', content: 'x' }
    const messages = [user, { role: 'assistant', tool_calls: [called('aB3dE5gH7')] }, result, result]
    // The empty message is left out, so the user's stands right behind the result.
    const body = { messages: [...messages, { role: 'assistant', content: '' }, user] }
    const bridge = { role: 'assistant', content: 'Ok.' }
    expect(sent(body).messages).toEqual([...messages, user])
    expect(sent(body, { assistant_after_tool: 'Ok.' }).messages).toEqual([...messages, bridge, user])
  })

  test('a refusal without content is what the assistant said', () => {
    const said = { role: 'assistant', content: null, refusal: 'No.' }
    expect(sent({ messages: [user, said, user] }).messages).toEqual([
      user,
      { role: 'assistant', content: 'No.' },
      user,
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
        { tool_choice: value, tools: [{ type: 'function', function: { name: 'f' } }] },
        ...roles.flatMap((role) => [
          { messages: [{ role, content: value, tool_call_id: 'a', name: 'b' }] },
          { messages: [{ role, content: '', tool_calls: value, function_call: value, tool_call_id: value }] },
          ...['image_url', 'file'].map((type) => ({
            messages: [{ role, content: [{ type, [type]: value }] }],
          })),
        ]),
      ]
      expect(bodies.flatMap(misdeed)).toEqual([])
    },
  )
})

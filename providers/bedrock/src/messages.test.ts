import { expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'

const call = (id: string) => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })
const user = (content: unknown) => ({ role: 'user', content })

test('ids of other vendors become ids that the API takes, each of them once', () => {
  const long = 'x'.repeat(80)
  const turns = ['functions.f:0', 'functions.f:0', long, long].flatMap((id) => [
    { role: 'assistant', content: null, tool_calls: [call(id)] },
    { role: 'tool', tool_call_id: id, content: 'ok' },
  ])
  const { messages } = sent({ messages: [user('Hi'), ...turns] }).body
  const ids = (name: string, part: string) =>
    messages.flatMap(({ content }) =>
      content.flatMap((block) => {
        const value = block[name] as Record<string, unknown> | undefined
        return value === undefined ? [] : [value[part]]
      }),
    )
  const expected = ['functions_f_0', 'functions_f_0_2', 'x'.repeat(64), `${'x'.repeat(62)}_2`]
  expect(ids('toolUse', 'toolUseId')).toEqual(expected)
  expect(ids('toolResult', 'toolUseId')).toEqual(expected)
})

test('results stand before what the user says, in whatever order they come', () => {
  const { messages } = sent({
    messages: [
      user('Hi'),
      { role: 'assistant', content: '', tool_calls: [call('a'), call('b')] },
      { role: 'tool', tool_call_id: 'b', content: 'two' },
      user('Go on'),
      { role: 'tool', tool_call_id: 'a', content: [{ type: 'text', text: 'one', cache_control: {} }] },
    ],
  }).body
  expect(messages[2]?.content).toEqual([
    { toolResult: { toolUseId: 'b', content: [{ text: 'two' }] } },
    { toolResult: { toolUseId: 'a', content: [{ text: 'one' }] } },
    { cachePoint: { type: 'default' } },
    { text: 'Go on' },
  ])
})

test('messages without anything in them are no turns, marks included', () => {
  const marked = { cache_control: { type: 'ephemeral' } }
  const { body } = sent({
    messages: [
      { role: 'system', content: ' ', ...marked },
      { ...user('\n'), ...marked },
      { role: 'assistant', content: '', ...marked },
      user([{ type: 'text', text: '', ...marked }]),
    ],
  })
  expect(body).toEqual({ messages: [{ role: 'user', content: [{ text: '.' }] }] })
})

test('instructions behind the first turn move to the others, and lose their place', () => {
  const { body, dropped } = sent({
    messages: [
      { role: 'developer', content: 'One' },
      user('Hi'),
      { role: 'system', content: [{ type: 'text', text: 'Two' }] },
    ],
  })
  expect(body.system).toEqual([{ text: 'One' }, { text: 'Two' }])
  expect(dropped).toEqual(['messages[2].role'])
})

test('names of documents are legal, and there once', () => {
  const file = (filename: unknown) => ({
    type: 'file',
    file: { filename, file_data: 'data:application/pdf;base64,JVBERi0=' },
  })
  const names = ['a.pdf', 'a.pdf', 'Übersicht_v2.1.PDF', '…', undefined, 'x  y\tz.pdf', 'n'.repeat(300)]
  const { messages } = sent({ messages: [user(names.map(file))] }).body
  const found = messages[0]?.content.map((block) => (block['document'] as { name: string }).name)
  expect(found).toEqual([
    'a',
    'a (2)',
    '-bersicht-v2-1',
    'document',
    'document (2)',
    'x y z',
    'n'.repeat(150),
  ])
})

test('tools of the request stay when the conversation has called others', () => {
  const tools = [{ type: 'function', function: { name: 'g', description: ' ' } }]
  const messages = [
    user('Hi'),
    { role: 'assistant', content: null, tool_calls: [call('a')] },
    { role: 'tool', tool_call_id: 'a', content: 'ok' },
  ]
  const empty = { json: { type: 'object', properties: {} } }
  expect(sent({ messages, tools }).body.toolConfig).toEqual({
    tools: [{ toolSpec: { name: 'g', inputSchema: empty } }],
  })
  const several = {
    type: 'allowed_tools',
    allowed_tools: { mode: 'required', tools: [{ name: 'g' }, { name: 'h' }] },
  }
  expect(faultOf(() => sent({ tools, tool_choice: several })).param).toBe('tool_choice')
})

test('an answer that is begun ends without white space', () => {
  const { messages } = sent({ messages: [user('Hi'), { role: 'assistant', content: 'Well,  \n' }] }).body
  expect(messages[1]?.content).toEqual([{ text: 'Well,' }])
})

test('a refusal of an earlier answer is its text', () => {
  const { messages } = sent({
    messages: [user('Hi'), { role: 'assistant', refusal: 'No.' }, user('Please')],
  }).body
  expect(messages[1]).toEqual({ role: 'assistant', content: [{ text: 'No.' }] })
})

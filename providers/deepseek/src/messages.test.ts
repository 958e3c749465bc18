import { expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'

const user = (content: unknown): object => ({ role: 'user', content })
const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }

test.each([
  ['an assistant without anything', { role: 'assistant' }, { role: 'assistant', content: '' }],
  ['empty parts', user([]), { role: 'user', content: '' }],
  [
    'an answer sent back whole',
    { role: 'assistant', content: 'Hello', refusal: null, annotations: [], reasoning: 'r', audio: null },
    { role: 'assistant', content: 'Hello' },
  ],
  [
    'reasoning that is no text',
    { role: 'assistant', content: null, reasoning_content: null, tool_calls: [call] },
    { role: 'assistant', content: null, tool_calls: [call] },
  ],
  [
    'an answer that an official client has parsed',
    {
      role: 'assistant',
      content: null,
      parsed: null,
      name: null,
      tool_calls: [{ ...call, index: 0, function: { ...call.function, parsed_arguments: null } }],
    },
    { role: 'assistant', content: null, tool_calls: [call] },
  ],
  [
    'no calls',
    { role: 'assistant', content: 'Hello', tool_calls: [] },
    { role: 'assistant', content: 'Hello' },
  ],
  [
    'a refusal beside an empty text',
    { role: 'assistant', content: '', refusal: 'No.' },
    { role: 'assistant', content: 'No.' },
  ],
])('%s', (_, given, expected) => {
  const { body, dropped } = sent({ messages: [given] })
  expect(body['messages']).toEqual([expected])
  expect(dropped).toEqual([])
})

test('the audio of an earlier answer is lost, and reported', () => {
  const messages = [{ role: 'assistant', content: null, audio: { id: 'audio_1' } }]
  expect(sent({ messages })).toMatchObject({
    body: { messages: [{ role: 'assistant', content: '' }] },
    dropped: ['messages[0].audio'],
  })
})

test('messages that are fine stay the client’s bytes', () => {
  const given = [user('Hi'), { role: 'assistant', content: null, tool_calls: [call] }]
  const results = [{ role: 'tool', tool_call_id: 'a', content: '1' }]
  expect(sent({ messages: [...given, ...results] }).patch).toBeUndefined()
})

test.each([
  [{}, undefined],
  [{ reasoning_replay: 'send' }, 'because'],
])('with %o earlier reasoning is %s', (options, reasoning) => {
  const messages = [{ role: 'assistant', content: 'Hello', reasoning_content: 'because' }]
  const { body } = sent({ messages }, options)
  expect((body['messages'] as Record<string, unknown>[])[0]?.['reasoning_content']).toBe(reasoning)
})

test('V4 wants reasoning beside tools, also when only the history has them', () => {
  const messages = [
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'a', content: '1' },
  ]
  const { body } = sent({ model: 'deepseek-v4', messages })
  expect(body['messages']).toMatchObject([{ reasoning_content: '' }, { role: 'tool' }])
  const { body: stripped } = sent({ model: 'deepseek-v4', messages }, { reasoning_replay: 'strip' })
  expect(stripped['messages']).toEqual(messages)
})

test.each([
  [null, 'invalid_request', 'messages'],
  ['Hi', 'invalid_request', 'messages'],
  [[null], 'invalid_request', 'messages[0]'],
  [[user([null])], 'invalid_request', 'messages[0].content[0]'],
  [[user([{ type: 'text' }])], 'invalid_request', 'messages[0].content[0]'],
  [[user([{ type: 'something' }])], 'invalid_request', 'messages[0].content[0]'],
  [[user([{ type: 'image_url', image_url: 'x' }])], 'unsupported', 'messages[0].content[0]'],
])('%o is refused with its path', (messages, kind, param) => {
  expect(faultOf(() => sent({ messages }))).toMatchObject({ kind, param })
})

test.each([[[{}]], [[{ role: 7, content: 5 }]], [[{ role: 'assistant', tool_calls: 'x' }]], [[user(5)]]])(
  'of %o the vendor says what is wrong',
  (messages) => {
    expect(() =>
      sent({ messages, tools: 'x', tool_choice: 5, stop: {}, response_format: null }),
    ).not.toThrow()
  },
)

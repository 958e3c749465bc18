import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { conversations } from '../test/conversations.ts'
import { faultOf, type SampleBody, sent } from '../test/subject.ts'
import { brokenRule } from '../test/vendor-rules.ts'

const old = 'claude-sonnet-4-5'
const user = { role: 'user', content: 'Hi' }
const call = (id: string, text = '{}'): SampleBody => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: text },
})
const calling = (...calls: SampleBody[]): SampleBody => ({
  role: 'assistant',
  content: null,
  tool_calls: calls,
})
const result = (id: string): SampleBody => ({ role: 'tool', tool_call_id: id, content: 'x' })

test('the vendor’s rules are kept for every valid conversation', () => {
  const property = fc.property(conversations, (steps) => {
    const { body } = sent({ messages: steps.flat() })
    expect(brokenRule(body)).toBeUndefined()
  })
  fc.assert(property, { numRuns: 5000 })
})

test('a conversation that grows keeps its serialised prefix, so the vendor’s prompt cache is read', () => {
  const property = fc.property(conversations, (steps) => {
    // Without any words the first turn is a filler, which the first words replace.
    const turns = [[user], ...steps.filter(([first]) => first?.['role'] !== 'system')]
    let before = ''
    for (let length = 1; length <= turns.length; length += 1) {
      const { body } = sent({ messages: turns.slice(0, length).flat() })
      // A prefill is trimmed, and not part of what the next request begins with.
      if (body.messages.at(-1)?.role === 'assistant') continue
      const bytes = JSON.stringify(body)
      expect(bytes.startsWith(before)).toBe(true)
      // What closes the open arrays and objects at the end is all that may differ.
      before = bytes.replace(/\]\}\]\}$/, '')
    }
  })
  fc.assert(property, { numRuns: 500 })
})

test('the same request is serialised alike every time', () => {
  const property = fc.property(conversations, (steps) => {
    const body = { messages: steps.flat() }
    expect(JSON.stringify(sent(body).body)).toBe(JSON.stringify(sent(structuredClone(body)).body))
  })
  fc.assert(property, { numRuns: 200 })
})

test.each([
  ['an orphan result', [user, result('a')], 'messages[1].tool_call_id', '"a"'],
  [
    'a result of an earlier turn',
    [user, calling(call('a')), result('a'), calling(call('b')), result('a')],
    'messages[4].tool_call_id',
    '"a"',
  ],
  [
    'a second result',
    [user, calling(call('a')), result('a'), result('a')],
    'messages[3].tool_call_id',
    '"a"',
  ],
  [
    'a missing result',
    [user, calling(call('a'), call('b')), result('a'), user],
    'messages[1].tool_calls[1]',
    '"b"',
  ],
  ['a call at the end', [user, calling(call('a'))], 'messages[1].tool_calls[0]', '"a"'],
  [
    'a missing result before the next call',
    [user, calling(call('a')), user, calling(call('b')), result('b')],
    'messages[1].tool_calls[0]',
    '"a"',
  ],
  [
    'an id used twice in a turn',
    [user, calling(call('a'), call('a')), result('a')],
    'messages[1].tool_calls[1].id',
    '"a"',
  ],
  [
    'a call without id',
    [user, calling({ function: { name: 'f' } })],
    'messages[1].tool_calls[0].id',
    'string',
  ],
  [
    'arguments that are no JSON',
    [user, calling(call('a', '{"x":'))],
    'messages[1].tool_calls[0].function.arguments',
    'JSON',
  ],
  [
    'arguments that are no object',
    [user, calling(call('a', '[1]'))],
    'messages[1].tool_calls[0].function.arguments',
    'object',
  ],
  ['a message that is null', [null], 'messages[0]', 'null'],
  ['an unknown role', [{ role: 'constructor', content: 'x' }], 'messages[0].role', 'constructor'],
  ['no message', [], 'messages', 'at least one'],
  ['content of a wrong type', [{ role: 'user', content: 5 }], 'messages[0].content', 'number'],
  ['a part that is null', [{ role: 'user', content: [null] }], 'messages[0].content[0]', 'null'],
  [
    'an unknown part',
    [{ role: 'user', content: [{ type: 'video' }] }],
    'messages[0].content[0].type',
    'video',
  ],
  [
    'a part without text',
    [{ role: 'user', content: [{ type: 'text' }] }],
    'messages[0].content[0].text',
    'string',
  ],
  ['audio', [{ role: 'user', content: [{ type: 'input_audio' }] }], 'messages[0].content[0]', 'audio'],
])('%s is refused before a call is spent, naming it', (_, messages, param, words) => {
  const fault = faultOf(() => sent({ messages }))
  expect(fault).toMatchObject({ kind: 'invalid_request', param })
  expect(fault.message).toContain(words)
})

test('a prefill loses its trailing white space, and newer models refuse it', () => {
  const messages = [user, { role: 'assistant', content: 'The answer is \n' }]
  expect(sent({ model: old, messages }).body.messages.at(-1)?.content).toEqual([
    { type: 'text', text: 'The answer is' },
  ])
  const fault = faultOf(() => sent({ model: 'claude-opus-4-6', messages }))
  expect(fault).toMatchObject({ kind: 'invalid_request', param: 'messages[1]' })
})

test('a conversation that starts with the assistant gets a user turn in front', () => {
  const { body } = sent({ messages: [{ role: 'assistant', content: 'Yes?' }, user] })
  expect(body.messages.map(({ role }) => role)).toEqual(['user', 'assistant', 'user'])
})

test('a refusal of an earlier answer is replayed as text', () => {
  const messages = [
    user,
    { role: 'assistant', content: null, refusal: 'No.' },
    user,
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'Never.' }] },
    user,
  ]
  const spoken = sent({ messages }).body.messages.filter(({ role }) => role === 'assistant')
  expect(spoken.flatMap(({ content }) => content)).toEqual([
    { type: 'text', text: 'No.' },
    { type: 'text', text: 'Never.' },
  ])
})

test('a function message without its call becomes text of the user', () => {
  const messages = [user, { role: 'function', name: 'f', content: '22' }]
  expect(sent({ messages }).body.messages[0]?.content.at(-1)).toEqual({ type: 'text', text: 'f: 22' })
})

test('results of an image and of an error keep both', () => {
  const image = { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }
  const messages = [user, calling(call('a')), { ...result('a'), content: [image], is_error: true }]
  expect(sent({ messages }).body.messages[2]?.content).toEqual([
    {
      type: 'tool_result',
      tool_use_id: 'a',
      content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }],
      is_error: true,
    },
  ])
})

test('five cache marks are sent as five: the vendor counts them, not we', () => {
  const mark = { cache_control: { type: 'ephemeral' } }
  const content = Array.from({ length: 5 }, (_, index) => ({ type: 'text', text: `t${index}`, ...mark }))
  const { body } = sent({ messages: [{ role: 'user', content }] })
  expect(JSON.stringify(body).match(/cache_control/g)).toHaveLength(5)
})

test('whole answers that a client sends back are not reported as dropped', () => {
  const answer = {
    role: 'assistant',
    content: 'Yes',
    refusal: null,
    annotations: [],
    reasoning_content: 'r',
    audio: null,
  }
  expect(sent({ messages: [user, answer, user] }).dropped).toEqual([])
  expect(sent({ messages: [user, { ...answer, audio: { id: 'a' }, name: 'n' }, user] }).dropped).toEqual([
    'messages[1].audio',
    'messages[1].name',
  ])
})

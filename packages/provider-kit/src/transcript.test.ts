import { expect, test } from 'vitest'
import { ProviderFault } from './fault.ts'
import { transcript, type TranscriptFormat } from './transcript.ts'
import type { ChatRequest } from './wire.ts'

const format: TranscriptFormat = {
  labels: { system: '', user: 'User: ', assistant: 'Assistant: ' },
  separator: '\n',
  ending: 'Assistant:',
}
const written = (messages: readonly object[], more: object = {}): string =>
  transcript(messages as ChatRequest['messages'], { ...format, ...more })

test('texts are labelled by role, and the model continues the last label', () => {
  expect(written([{ role: 'user', content: 'Hello' }])).toBe('User: Hello\nAssistant:')
  const parts = [
    { type: 'text', text: 'a' },
    { type: 'text', text: 'b' },
  ]
  expect(
    written([
      { role: 'user', content: parts },
      { role: 'assistant', content: null },
    ]),
  ).toBe('User: a\nb\nAssistant: \nAssistant:')
})

test('system texts stand where they are, or first', () => {
  const messages = [
    { role: 'user', content: 'Hi' },
    { role: 'developer', content: 'Be brief.' },
    { role: 'system', content: '' },
  ]
  expect(written(messages)).toBe('User: Hi\nBe brief.\nAssistant:')
  expect(written(messages, { systemFirst: true })).toBe('Be brief.\nUser: Hi\nAssistant:')
})

test.each([
  [{ role: 'tool', tool_call_id: 'a', content: 'x' }, 'messages[0].role'],
  [{ role: 'assistant', tool_calls: [{}] }, 'messages[0].tool_calls'],
  [{ role: 'assistant', function_call: { name: 'f' } }, 'messages[0].function_call'],
  [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'x' } }] }, 'messages[0].content[0]'],
])('%o is not offered', (message, param) => {
  let thrown: unknown
  try {
    written([message])
  } catch (error) {
    thrown = error
  }
  expect(ProviderFault.is(thrown) && thrown.fault).toMatchObject({ kind: 'unsupported', param })
})

/** The prompts that one user message becomes, in the formats that are known. */
test.each<[string, Partial<TranscriptFormat>, string]>([
  [
    'labels on paragraphs',
    { labels: { system: '', user: 'Human: ', assistant: 'Assistant: ' }, separator: '\n\n' },
    'Human: Hello\n\nAssistant:',
  ],
  ['labels on lines', { ending: 'Assistant: ' }, 'User: Hello\nAssistant: '],
  [
    'labels on paragraphs, and a space at the end',
    { separator: '\n\n', ending: 'Assistant: ' },
    'User: Hello\n\nAssistant: ',
  ],
  [
    'a paragraph in front',
    {
      labels: { system: '', user: '\n\nHuman: ', assistant: '\n\nAssistant: ' },
      separator: '',
      ending: '\n\nAssistant:',
    },
    '\n\nHuman: Hello\n\nAssistant:',
  ],
])('%s', (_, more, expected) => {
  expect(written([{ role: 'user', content: 'Hello' }], more)).toBe(expected)
})

test('a whole conversation keeps its texts byte by byte', () => {
  const messages = [
    { role: 'user', content: 'Grüße 👋🏽' },
    {
      role: 'assistant',
      content: [
        { type: 'text', text: 'a\n\nb' },
        { type: 'refusal', refusal: 'no' },
      ],
    },
    { role: 'user', content: '' },
  ]
  expect(written(messages)).toBe('User: Grüße 👋🏽\nAssistant: a\n\nb\nno\nUser: \nAssistant:')
})

test.each<[unknown, string]>([
  [null, 'messages'],
  ['Hi', 'messages'],
  [[null], 'messages[0]'],
  [['Hi'], 'messages[0]'],
  [[{ role: 'user', content: 5 }], 'messages[0].content'],
])('%j is refused by its path', (messages, param) => {
  let thrown: unknown
  try {
    transcript(messages as ChatRequest['messages'], format)
  } catch (error) {
    thrown = error
  }
  expect(ProviderFault.is(thrown) && thrown.fault).toMatchObject({ kind: 'invalid_request', param })
})

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

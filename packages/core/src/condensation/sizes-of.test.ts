import { describe, expect, test } from 'vitest'
import { charSizer, scaled } from './sizer.ts'
import { attachmentTokens, haveAttachments, messageOverhead, messageSizes } from './sizes-of.ts'

const size = (message: unknown) => messageSizes([message], charSizer)[0]! - messageOverhead
const text = 'x'.repeat(400)
const base64 = 'A'.repeat(1_000_000)

describe('the size of a message', () => {
  test.each([
    ['a text', { role: 'user', content: text }, 100],
    ['nothing', { role: 'assistant', content: null }, 0],
    ['a name', { role: 'user', content: text, name: 'ab' }, 101],
    [
      'texts in parts',
      {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'text', text },
        ],
      },
      200,
    ],
    [
      'reasoning and a refusal',
      { role: 'assistant', content: text, reasoning_content: text, refusal: text },
      300,
    ],
    [
      'an image',
      {
        role: 'user',
        content: [
          { type: 'text', text },
          { type: 'image_url', image_url: { url: `data:,${base64}` } },
        ],
      },
      100 + attachmentTokens,
    ],
    [
      'a recording',
      { role: 'user', content: [{ type: 'input_audio', input_audio: { data: base64 } }] },
      attachmentTokens,
    ],
    ['a file', { role: 'user', content: [{ type: 'file', file: { file_data: base64 } }] }, attachmentTokens],
    [
      'an image of another dialect',
      { content: [{ type: 'image', source: { url: text } }] },
      attachmentTokens,
    ],
    [
      'two images of an answer',
      {
        role: 'assistant',
        content: text,
        images: [{ image_url: { url: base64 } }, { image_url: { url: base64 } }],
      },
      100 + 2 * attachmentTokens,
    ],
    [
      'thoughts that cannot be read',
      {
        role: 'assistant',
        content: text,
        reasoning_details: [{ type: 'reasoning.encrypted', data: base64 }],
      },
      100,
    ],
    [
      'a thinking block with its signature',
      { role: 'assistant', content: [{ type: 'thinking', thinking: text, signature: base64 }] },
      100,
    ],
    ['what is no message', 'text', 0],
  ])('%s', (_, message, expected) => {
    expect(size(message)).toBe(expected)
  })

  test('has the names, ids and arguments of calls in it', () => {
    const call = { id: 'abcd', type: 'function', function: { name: 'find', arguments: text } }
    expect(size({ role: 'assistant', content: null, tool_calls: [call, call] })).toBe(2 * (1 + 1 + 100 + 4))
    expect(size({ role: 'tool', tool_call_id: 'abcd', content: text })).toBe(101)
    expect(size({ role: 'assistant', function_call: { name: 'find', arguments: text } })).toBe(101)
  })

  test('is by the sizer', () => {
    expect(messageSizes([{ role: 'user', content: text }], scaled(charSizer, 2))).toEqual([
      200 + messageOverhead,
    ])
  })
})

test('pictures and files are seen wherever they are', () => {
  const file = { type: 'file', file: { file_data: base64 } }
  expect(haveAttachments([{ role: 'user', content: text }, 'x', { role: 'user', content: [file] }])).toBe(
    true,
  )
  expect(haveAttachments([{ role: 'assistant', images: [{ image_url: { url: base64 } }] }])).toBe(true)
  const call = { id: 'a', type: 'function', function: { name: 'image', arguments: '{}' } }
  expect(haveAttachments([{ role: 'assistant', content: text, tool_calls: [call] }, null])).toBe(false)
})

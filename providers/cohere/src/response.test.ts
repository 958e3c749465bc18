import { describe, expect, test } from 'vitest'
import { answered, faultOf } from '../test/subject.ts'

const whole = (members: object, message: object = {}) => ({
  id: 'x',
  message: { role: 'assistant', content: [{ type: 'text', text: 'Hi' }], ...message },
  finish_reason: 'COMPLETE',
  ...members,
})

describe('a whole answer', () => {
  test.each<[string, string, string]>([
    ['COMPLETE', 'stop', 'tool_calls'],
    ['STOP_SEQUENCE', 'stop', 'tool_calls'],
    ['TOOL_CALL', 'stop', 'tool_calls'],
    ['MAX_TOKENS', 'length', 'length'],
    ['ERROR_TOXIC', 'content_filter', 'content_filter'],
    ['NEW_WORD', 'stop', 'tool_calls'],
  ])('that ends with %s has finish_reason %s, and %s with calls', (word, without, withCalls) => {
    const calls = [{ id: 'a', function: { name: 'f', arguments: { a: 1 } } }]
    expect(answered(whole({ finish_reason: word })).choices[0]?.finish_reason).toBe(without)
    const [choice] = answered(whole({ finish_reason: word }, { tool_calls: calls })).choices
    expect(choice?.finish_reason).toBe(withCalls)
    expect(choice?.message.tool_calls).toEqual([
      { id: 'a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
    ])
  })

  test.each([
    ['ERROR', 'upstream'],
    ['TIMEOUT', 'timeout'],
    ['USER_CANCEL', 'upstream'],
    ['', 'bad_response'],
    [null, 'bad_response'],
  ])('that ends with %j is a fault of kind %s', (word, kind) => {
    expect(faultOf(() => answered(whole({ finish_reason: word }))).kind).toBe(kind)
  })

  test('tells of usage what the vendor has told, and nothing else', () => {
    const usage = (raw: unknown) => answered(whole({ usage: raw })).usage
    expect(usage(undefined)).toBeNull()
    expect(usage({ tokens: {}, billed_units: { search_units: 1 } })).toBeNull()
    expect(usage({ tokens: { input_tokens: 3, output_tokens: 4 } })).toEqual({
      prompt_tokens: 3,
      completion_tokens: 4,
      total_tokens: 7,
    })
  })

  test('content of several items is joined; thinking and the plan stand apart', () => {
    const content = [
      { type: 'thinking', thinking: 'Hm. ' },
      { type: 'text', text: 'a' },
      { type: 'picture', url: 'x' },
      { type: 'text', text: 'b' },
    ]
    const { message } = answered(whole({}, { content, tool_plan: 'First. ' })).choices[0]!
    expect(message).toEqual({
      role: 'assistant',
      content: 'ab',
      reasoning_content: 'First. Hm. ',
      tool_plan: 'First. ',
    })
    expect(answered(whole({}, { content: 'text' })).choices[0]?.message.content).toBe('text')
  })

  test('a citation of the thinking does not point into the content', () => {
    const source = { type: 'document', document: { url: 'https://example.test' } }
    const cited = { start: 0, end: 1, text: 'H', sources: [source, { type: 'tool', id: 't' }] }
    const thought = { ...cited, type: 'THINKING_CONTENT' }
    const { message } = answered(whole({}, { citations: [cited, thought] })).choices[0]!
    expect(message['annotations']).toEqual([
      {
        type: 'url_citation',
        url_citation: { url: 'https://example.test', title: '', start_index: 0, end_index: 1 },
      },
    ])
    expect(message['citations']).toEqual([thought])
  })

  test.each([
    null,
    [[]],
    'x',
    {},
    { message: [] },
    { message: { tool_calls: [{}] }, finish_reason: 'TOOL_CALL' },
  ])('%j is none', (body) => {
    expect(faultOf(() => answered(body)).kind).toBe('bad_response')
  })
})

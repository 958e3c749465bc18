import { expect, test } from 'vitest'
import { answered, faultOf, messageEvents, streamed } from '../test/subject.ts'

const whole = (more: object): object => ({ id: 'msg_1', type: 'message', model: 'm', content: [], ...more })
const use = { type: 'tool_use', id: 'toolu_1', name: 'f', input: {} }

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['pause_turn', 'stop'],
  ['compaction', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
  ['something_new', 'stop'],
  ['constructor', 'stop'],
  [null, 'stop'],
])('stop_reason %s ends with %s, streamed or not', (reason, finish) => {
  const choice = answered(whole({ content: [{ type: 'text', text: 'x' }], stop_reason: reason })).choices[0]
  expect(choice?.finish_reason).toBe(finish)
  expect(choice?.['stop_reason']).toBe(reason ?? undefined)
  const finishes = streamed(messageEvents([], reason)).flatMap(({ choices }) =>
    choices.map((one) => one.finish_reason),
  )
  expect(finishes.filter((one) => one !== null)).toEqual([finish])
})

test.each([
  ['tool_use', 'tool_calls'],
  ['end_turn', 'tool_calls'],
  ['max_tokens', 'length'],
])('stop_reason %s beside a tool call ends with %s', (reason, finish) => {
  expect(answered(whole({ content: [use], stop_reason: reason })).choices[0]?.finish_reason).toBe(finish)
})

test('content is null only when something else was said', () => {
  expect(answered(whole({ content: [use] })).choices[0]?.message.content).toBeNull()
  expect(answered(whole({ stop_reason: 'end_turn' })).choices[0]?.message.content).toBe('')
  expect(answered(whole({ stop_reason: 'refusal' })).choices[0]?.message.content).toBe('')
})

test('calls without id get one, and arguments are always a string', () => {
  const bare = [
    { type: 'tool_use', name: 'f' },
    { type: 'tool_use', id: '', name: 'g', input: '' },
  ]
  expect(answered(whole({ content: bare })).choices[0]?.message.tool_calls).toEqual([
    { id: 'toolu_test_0', type: 'function', function: { name: 'f', arguments: '{}' } },
    { id: 'toolu_test_1', type: 'function', function: { name: 'g', arguments: '{}' } },
  ])
})

test('unknown blocks and blocks of the vendor’s own tools are ignored', () => {
  const content = [
    { type: 'future' },
    null,
    { type: 'mcp_tool_use', name: 'x' },
    { type: 'text', text: 'Hi' },
  ]
  expect(answered(whole({ content })).choices[0]?.message).toEqual({
    role: 'assistant',
    content: 'Hi',
    refusal: null,
  })
})

test.each([
  null,
  'text',
  5,
  [],
  {},
  { content: 'text' },
  { content: null },
  whole({ content: [{ type: 'tool_use' }] }),
])('%o is a bad response', (body) => {
  expect(faultOf(() => answered(body)).kind).toBe('bad_response')
})

test('usage that was not told is null, not zero', () => {
  expect(answered(whole({})).usage).toBeNull()
  expect(answered(whole({ usage: { service_tier: 'standard' } })).usage).toBeNull()
})

test('what the vendor tells beside the counts stays under its own names', () => {
  const told = { service_tier: 'standard', server_tool_use: { web_search_requests: 1 }, inference_geo: null }
  const usage = answered(whole({ usage: { input_tokens: 1, output_tokens: 2, ...told } })).usage
  expect(usage).toMatchObject({ service_tier: 'standard', server_tool_use: { web_search_requests: 1 } })
  expect(usage).not.toHaveProperty('inference_geo')
  expect(usage).not.toHaveProperty('input_tokens')
})

test('prompt tokens include the cache, null counts as 0', () => {
  const usage = {
    input_tokens: 3,
    cache_read_input_tokens: 10,
    cache_creation_input_tokens: null,
    output_tokens: 2,
  }
  expect(answered(whole({ usage })).usage).toMatchObject({
    prompt_tokens: 13,
    total_tokens: 15,
    prompt_tokens_details: { cached_tokens: 10, cache_write_tokens: 0 },
  })
})

test.each([
  [['message', 'compaction'], 30, 6],
  [['message', 'advisor_message'], 10, 2],
  [['message', 'compaction', 'fallback_message'], 7, 5],
  [[], 7, 5],
])('iterations %o are added up as billed', (types, prompt, completion) => {
  const iterations = types.map((type, index) => ({
    type,
    input_tokens: 10 * (index + 1),
    output_tokens: 2 * (index + 1),
  }))
  const usage = { input_tokens: 7, output_tokens: 5, iterations }
  expect(answered(whole({ usage })).usage).toMatchObject({
    prompt_tokens: prompt,
    completion_tokens: completion,
  })
})

test('counts are numbers under our names, whatever else the vendor writes there', () => {
  const usage = {
    input_tokens: 3,
    output_tokens: 2,
    output_tokens_details: { thinking_tokens: '1' },
    prompt_tokens: 99,
    total_tokens: '99',
  }
  expect(answered(whole({ usage })).usage).toMatchObject({
    prompt_tokens: 3,
    total_tokens: 5,
    completion_tokens_details: { reasoning_tokens: 0 },
  })
})

test('an answer without an id or a model has those of the call', () => {
  expect(answered(whole({ id: '', model: '' }))).toMatchObject({
    id: 'chatcmpl-test',
    model: 'claude-sonnet-4-5',
  })
})

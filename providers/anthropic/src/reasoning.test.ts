import { expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'

const old = 'claude-sonnet-4-5'
const adaptive = { type: 'adaptive' }

test.each([
  ['claude-opus-4-6', 'none', { type: 'disabled' }, undefined],
  ['claude-opus-4-6', 'minimal', adaptive, 'low'],
  ['claude-opus-4-6', 'low', adaptive, 'low'],
  ['claude-opus-4-6', 'medium', adaptive, 'medium'],
  ['claude-opus-4-6', 'high', adaptive, 'high'],
  ['claude-opus-4-6', 'xhigh', adaptive, 'max'],
  ['claude-opus-4-7', 'xhigh', adaptive, 'xhigh'],
  ['claude-opus-4-6', 'max', adaptive, 'max'],
  [old, 'none', undefined, undefined],
  [old, 'minimal', { type: 'enabled', budget_tokens: 1024 }, undefined],
  [old, 'medium', { type: 'enabled', budget_tokens: 2048 }, undefined],
  [old, 'high', { type: 'enabled', budget_tokens: 4096 }, undefined],
  [old, 'xhigh', { type: 'enabled', budget_tokens: 8192 }, undefined],
  [old, 'max', { type: 'enabled', budget_tokens: 16_384 }, undefined],
])('%s with reasoning_effort %s', (model, effort, thinking, outputEffort) => {
  const { body, dropped } = sent({ model, reasoning_effort: effort })
  expect(body['thinking']).toEqual(thinking)
  expect(body['output_config']).toEqual(outputEffort === undefined ? undefined : { effort: outputEffort })
  expect(dropped).toEqual([])
})

test('without reasoning_effort nothing is sent', () => {
  expect(sent({ model: 'claude-opus-4-6' }).body).not.toHaveProperty('thinking')
})

test.each([
  ['a budget that does not fit max_tokens', { max_tokens: 1024, reasoning_effort: 'low' }],
  ['a model that cannot think', { model: 'claude-3-haiku-20240307', reasoning_effort: 'high' }],
  [
    'a forced tool',
    {
      reasoning_effort: 'low',
      tool_choice: 'required',
      tools: [{ type: 'function', function: { name: 'f' } }],
    },
  ],
  ['a prefill', { reasoning_effort: 'low', messages: [{ role: 'assistant', content: '{' }] }],
])('%s rules thinking out, which is reported', (_, body) => {
  const request = sent(body)
  expect(request.body).not.toHaveProperty('thinking')
  expect(request.dropped).toEqual(['reasoning_effort'])
})

test('a tool loop that was not replayed with its thinking cannot be continued with a budget, but adaptively', () => {
  const call = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }
  const messages = [
    { role: 'user', content: 'Go' },
    { role: 'assistant', content: null, tool_calls: [call] },
    { role: 'tool', tool_call_id: 'a', content: 'x' },
  ]
  expect(sent({ messages, reasoning_effort: 'low' })).toMatchObject({ dropped: ['reasoning_effort'] })
  expect(sent({ model: 'claude-opus-4-6', messages, reasoning_effort: 'low' }).dropped).toEqual([])
})

test('a forced tool keeps the effort of an adaptive model and drops only the thinking', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }]
  const request = sent({ model: 'claude-opus-4-6', reasoning_effort: 'high', tools, tool_choice: 'required' })
  expect(request.body).toMatchObject({ output_config: { effort: 'high' }, tool_choice: { type: 'any' } })
  expect(request.body).not.toHaveProperty('thinking')
  expect(request.dropped).toEqual(['reasoning_effort'])
})

test('thinking in the vendor’s own words wins', () => {
  const thinking = { type: 'enabled', budget_tokens: 5000, display: 'omitted' }
  expect(sent({ thinking, reasoning_effort: 'low' })).toMatchObject({
    body: { thinking },
    dropped: ['reasoning_effort'],
  })
  expect(sent({ model: 'claude-opus-5', thinking: adaptive, reasoning_effort: 'low' })).toMatchObject({
    body: { thinking: adaptive, output_config: { effort: 'low' } },
    dropped: [],
  })
})

test('an effort in the vendor’s own words wins, and the other one is reported', () => {
  const request = sent({ model: 'claude-opus-5', output_config: { effort: 'max' }, reasoning_effort: 'low' })
  expect(request).toMatchObject({ body: { output_config: { effort: 'max' } }, dropped: ['reasoning_effort'] })
})

test('an unknown effort is refused by name', () => {
  expect(faultOf(() => sent({ reasoning_effort: 'huge' }))).toMatchObject({
    kind: 'invalid_request',
    param: 'reasoning_effort',
  })
})

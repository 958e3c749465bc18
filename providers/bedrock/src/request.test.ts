import { expect, test } from 'vitest'
import { faultOf, sampleCall, sent } from '../test/subject.ts'
import { modelPath } from './request.ts'

const claude = 'anthropic.claude-sonnet-4-5-v1:0'
const newest = 'us.anthropic.claude-opus-4-7-v1:0'
const nova = 'amazon.nova-lite-v1:0'

test.each([
  [claude, { temperature: 1.5, top_p: 0.9 }, { temperature: 1 }, ['temperature', 'top_p']],
  [claude, { temperature: 0.5, top_p: 1 }, { temperature: 0.5 }, []],
  [claude, { top_p: 0.9 }, { topP: 0.9 }, []],
  [newest, { temperature: 0.5, top_p: 0.9 }, undefined, ['temperature', 'top_p']],
  [newest, { temperature: 1, top_p: 1 }, undefined, []],
  [nova, { temperature: 1.5, top_p: 0.9 }, { temperature: 1.5, topP: 0.9 }, []],
  [nova, { stop: '' }, undefined, []],
  [nova, { stop: ['', 'END'] }, { stopSequences: ['END'] }, []],
  [nova, { max_tokens: 5, max_completion_tokens: 5 }, { maxTokens: 5 }, []],
])('%s gets %o as %o', (model, body, inference, dropped) => {
  const request = sent({ model, ...body })
  expect(request.body.inferenceConfig).toEqual(inference)
  expect(request.dropped).toEqual(dropped)
})

test.each([
  [{ response_format: { type: 'json_schema' } }, 'invalid_request', 'response_format.json_schema'],
  [
    { response_format: { type: 'json_schema', json_schema: { schema: 5 } } },
    'invalid_request',
    'response_format.json_schema.schema',
  ],
  [{ temperature: 'hot' }, 'invalid_request', 'temperature'],
  [{ top_p: {} }, 'invalid_request', 'top_p'],
  [{ stop: 5 }, 'invalid_request', 'stop'],
  [{ stop: ['a', 5] }, 'invalid_request', 'stop'],
  [{ additionalModelRequestFields: [] }, 'invalid_request', 'additionalModelRequestFields'],
  [{ model: '..' }, 'invalid_request', 'model'],
  [{ model: 'amazon.\ud800' }, 'invalid_request', 'model'],
])('%o is refused: %s, %s', (body, kind, param) => {
  expect(faultOf(() => sent(body))).toMatchObject({ kind, param })
})

const oddValues = [null, 5, 'text', true, [], {}, [null], [5], ['text'], [[]], [{}]]
const oddMessages = [
  ...oddValues,
  ...oddValues.map((content) => ({ role: 'user', content })),
  ...oddValues.map((content) => ({ role: 'assistant', content, tool_calls: content })),
  ...oddValues.map((image) => ({ role: 'user', content: [{ type: 'image_url', image_url: image }] })),
  ...oddValues.map((file) => ({ role: 'user', content: [{ type: 'file', file }] })),
  ...oddValues.map((called) => ({ role: 'assistant', tool_calls: [{ id: 'a', function: called }] })),
  ...oddValues.map((blocks) => ({ role: 'assistant', content: 'x', thinking_blocks: blocks })),
  ...oddValues.map((mark) => ({ role: 'user', content: 'x', cache_control: mark })),
  { role: 'tool', content: 'x' },
  { role: 'function', content: 'x' },
  { role: 'king', content: 'x' },
  { role: 5 },
]
const oddBodies = [
  ...oddValues.map((messages) => ({ messages })),
  ...oddMessages.map((message) => ({ messages: [message] })),
  ...['tools', 'functions', 'tool_choice', 'function_call', 'response_format', 'reasoning_effort'].flatMap(
    (name) => oddValues.map((value) => ({ [name]: value })),
  ),
]

test('odd input is sent or refused with its path, and never throws anything else', () => {
  const pathless = oddBodies.filter((body) => {
    try {
      sent(body)
      return false
    } catch {
      return !/^[a-z]/.test(faultOf(() => sent(body)).param ?? '')
    }
  })
  expect(pathless).toEqual([])
})

test.each([
  [claude, 'low', { thinking: { type: 'enabled', budget_tokens: 1024 } }, false],
  [claude, 'none', undefined, false],
  [newest, 'minimal', { thinking: { type: 'adaptive' }, output_config: { effort: 'low' } }, false],
  [newest, 'xhigh', { thinking: { type: 'adaptive' }, output_config: { effort: 'xhigh' } }, false],
  [newest, 'none', { thinking: { type: 'disabled' } }, false],
  [
    'anthropic.claude-sonnet-4-6-v1',
    'xhigh',
    { thinking: { type: 'adaptive' }, output_config: { effort: 'max' } },
    false,
  ],
  ['openai.gpt-oss-20b-1:0', 'high', { reasoning_effort: 'high' }, false],
  ['openai.gpt-oss-20b-1:0', 'none', { reasoning_effort: 'low' }, true],
  ['anthropic.claude-3-haiku-20240307-v1:0', 'high', undefined, true],
  [nova, 'none', undefined, false],
  [nova, 'low', undefined, true],
])('%s reasons with effort %s as %o', (model, effort, fields, lossy) => {
  const { body, dropped } = sent({ model, reasoning_effort: effort })
  expect(body.additionalModelRequestFields).toEqual(fields)
  expect(dropped).toEqual(lossy ? ['reasoning_effort'] : [])
})

test('reasoning gives way to what rules it out, and says so', () => {
  const tools = [{ type: 'function', function: { name: 'f' } }]
  const effort = { reasoning_effort: 'high' }
  expect(sent({ ...effort, max_tokens: 4096 }).dropped).toEqual(['reasoning_effort'])
  expect(sent({ ...effort, max_tokens: 4097 }).dropped).toEqual([])
  expect(sent({ ...effort, tools, tool_choice: 'required' }).dropped).toEqual(['reasoning_effort'])
  const forced = sent({ ...effort, model: newest, tools, tool_choice: 'required' })
  expect(forced.body.additionalModelRequestFields).toEqual({ output_config: { effort: 'high' } })
  const prefill = [
    { role: 'user', content: 'Hi' },
    { role: 'assistant', content: 'Well' },
  ]
  expect(sent({ ...effort, messages: prefill }).dropped).toEqual(['reasoning_effort'])
  const own = { thinking: { type: 'enabled', budget_tokens: 3000 } }
  const both = sent({ ...effort, additionalModelRequestFields: own, temperature: 0.2 })
  expect(both.body.additionalModelRequestFields).toEqual(own)
  expect(both.dropped).toEqual(['reasoning_effort', 'temperature'])
})

test('the id of a model is one segment of the path', () => {
  expect(modelPath('arn:aws:bedrock:eu:1:inference-profile/x', 'converse')).toBe(
    '/model/arn%3Aaws%3Abedrock%3Aeu%3A1%3Ainference-profile%2Fx/converse',
  )
})

test('a body is never changed', () => {
  const call = sampleCall({ tools: [{ type: 'function', function: { name: 'f' } }], stop: ['a', ''] })
  const before = JSON.stringify(call.body)
  sent(call.body)
  expect(JSON.stringify(call.body)).toBe(before)
})

test('a schema is described as its client describes it, and rules reasoning out', () => {
  const json_schema = { name: 'x', description: 'A city', schema: { properties: {} } }
  const { body, dropped } = sent({
    response_format: { type: 'json_schema', json_schema },
    reasoning_effort: 'high',
  })
  expect(body.toolConfig).toEqual({
    tools: [
      {
        toolSpec: {
          name: 'json',
          description: 'A city',
          inputSchema: { json: { type: 'object', properties: {} } },
        },
      },
    ],
    toolChoice: { tool: { name: 'json' } },
  })
  expect(dropped).toEqual(['reasoning_effort'])
})

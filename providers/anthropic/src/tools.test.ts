import { expect, test } from 'vitest'
import { faultOf, type SampleBody, sent } from '../test/subject.ts'

const tool = (name: string, more: SampleBody = {}): SampleBody => ({
  type: 'function',
  function: { name, ...more },
})
const tools = [tool('f'), tool('g')]
const serial = { disable_parallel_tool_use: true }

test.each([
  ['auto', { type: 'auto' }],
  ['required', { type: 'any' }],
  ['none', { type: 'none' }],
  [
    { type: 'function', function: { name: 'g' } },
    { type: 'tool', name: 'g' },
  ],
  [{ type: 'any' }, { type: 'any' }],
  [
    { type: 'tool', name: 'f' },
    { type: 'tool', name: 'f' },
  ],
  [null, undefined],
])('tool_choice %o', (choice, expected) => {
  expect(sent({ tools, tool_choice: choice }).body.tool_choice).toEqual(expected)
})

test.each([
  [undefined, { type: 'auto', ...serial }],
  ['required', { type: 'any', ...serial }],
  ['none', { type: 'none' }],
])('parallel_tool_calls: false beside tool_choice %o', (choice, expected) => {
  const body = { tools, tool_choice: choice, parallel_tool_calls: false }
  expect(sent(body).body.tool_choice).toEqual(expected)
})

test.each([
  ['auto', 'auto'],
  ['required', 'any'],
])('allowed tools leave only those, mode %s', (mode, type) => {
  const choice = {
    type: 'allowed_tools',
    allowed_tools: { mode, tools: [{ type: 'function', function: { name: 'g' } }] },
  }
  const { body } = sent({ tools, tool_choice: choice })
  expect(body.tools?.map(({ name }) => name)).toEqual(['g'])
  expect(body.tool_choice).toEqual({ type })
})

test('without tools nothing about tools is sent, and a forced choice is reported', () => {
  const { body, dropped } = sent({ tools: [], tool_choice: 'required', parallel_tool_calls: false })
  expect(body).not.toHaveProperty('tools')
  expect(body).not.toHaveProperty('tool_choice')
  expect(dropped).toEqual(['tool_choice'])
})

test('the whole JSON Schema of a tool is kept', () => {
  const parameters = {
    type: 'object',
    $defs: { a: { minimum: 1 } },
    properties: { a: { $ref: '#/$defs/a' } },
  }
  expect(sent({ tools: [tool('f', { parameters })] }).body.tools?.[0]?.input_schema).toEqual(parameters)
})

test('a strict tool gets the subset of the decoder and its beta feature; older models lose the strictness', () => {
  const strict = [
    tool('f', { strict: true, parameters: { type: 'object', properties: { a: { minimum: 1 } } } }),
  ]
  const current = sent({ tools: strict })
  expect(current.body.tools?.[0]).toMatchObject({
    strict: true,
    input_schema: { additionalProperties: false },
  })
  expect(current.headers['anthropic-beta']).toBe('structured-outputs-2025-11-13')
  expect(current.dropped).toEqual(['tools[0].function.parameters'])
  const older = sent({ model: 'claude-3-haiku-20240307', tools: strict })
  expect(older.body.tools?.[0]).not.toHaveProperty('strict')
  expect(older.dropped).toEqual(['tools[0].function.strict'])
})

test('the vendor’s own tools pass unchanged, with the beta feature they need', () => {
  const own = { type: 'web_fetch_20250910', name: 'web_fetch', max_uses: 1 }
  const request = sent({ tools: [own] })
  expect(request.body.tools).toEqual([own])
  expect(request.headers['anthropic-beta']).toBe('web-fetch-2025-09-10')
})

test.each([
  ['tools', { tools: {} }],
  ['tools[0]', { tools: [null] }],
  ['tools[0].function', { tools: [{ type: 'function' }] }],
  ['tools[0].type', { tools: [{ name: 'f' }] }],
  ['tools[0].function.name', { tools: [tool('no spaces')] }],
  ['tools[0].function.parameters', { tools: [tool('f', { parameters: [] })] }],
  ['tools[0]', { tools: [{ type: 'custom', custom: { name: 'free' } }] }],
  ['functions[0].name', { functions: [{}] }],
  ['tool_choice', { tools, tool_choice: 'maybe' }],
  ['tool_choice.type', { tools, tool_choice: { type: 'custom', custom: { name: 'f' } } }],
  ['tool_choice', { tools, tool_choice: { type: 'function' } }],
  ['tool_choice.allowed_tools.tools', { tools, tool_choice: { type: 'allowed_tools' } }],
  [
    'tool_choice.allowed_tools.tools',
    { tools, tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [tool('h')] } } },
  ],
  ['response_format.type', { response_format: { type: 'xml' } }],
  ['response_format', { response_format: 'json' }],
  ['stop', { stop: [5] }],
])('%s is refused by its path in %o', (param, body) => {
  expect(faultOf(() => sent(body))).toMatchObject({ kind: 'invalid_request', param })
})

const schema = { type: 'object', properties: {} }
const format = { type: 'json_schema', json_schema: { name: 'n', schema } }
const older = 'claude-3-haiku-20240307'

test('the answer tool of older models takes a free name and leaves tool calls possible', () => {
  const { body } = sent({ model: older, response_format: format, tools: [tool('json')] })
  expect(body.tools?.map(({ name }) => name)).toEqual(['json', 'json_2'])
  expect(body.tool_choice).toEqual({ type: 'any', ...serial })
})

test('the answer tool is forced when the client wants no tools, and left out when it forces one of its own', () => {
  const none = sent({ model: older, response_format: format, tools, tool_choice: 'none' })
  expect(none.body.tool_choice).toEqual({ type: 'tool', name: 'json', ...serial })
  const forced = sent({ model: older, response_format: format, tools, tool_choice: 'required' })
  expect(forced.body.tools?.map(({ name }) => name)).toEqual(['f', 'g'])
})

test('json_schema without a schema is a hint, which is reported', () => {
  const { body, dropped } = sent({ response_format: { type: 'json_schema', json_schema: { name: 'n' } } })
  expect(body.system?.[0]?.['text']).toContain('JSON object')
  expect(dropped).toEqual(['response_format'])
})

test('a format in the vendor’s own words wins over response_format', () => {
  const output_config = { format: { type: 'json_schema', schema: {} } }
  const request = sent({ output_config, response_format: format })
  expect(request).toMatchObject({ body: { output_config }, dropped: ['response_format'] })
})

test('what the vendor cannot be told of functions, parts and a second choice is reported', () => {
  const request = sent({
    tools: [tool('f', { returns: 'text' }), { type: 'function', name: 'flat', parameters: {} }],
    tool_choice: 'auto',
    function_call: 'none',
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi', lang: 'en' }] }],
  })
  expect(request.dropped.toSorted()).toEqual([
    'function_call',
    'messages[0].content[0].lang',
    'tools[0].function.returns',
  ])
  expect(request.body.tools?.map(({ name }) => name)).toEqual(['f', 'flat'])
})

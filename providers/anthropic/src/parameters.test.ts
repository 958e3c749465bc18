import { expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'
import { parameters } from './parameters.ts'

/** Every field of an OpenAI chat request, with a value that asks for something. */
const openaiFields: Record<string, unknown> = {
  max_completion_tokens: 7,
  max_tokens: 7,
  temperature: 0.5,
  top_p: 0.5,
  stop: 'END',
  frequency_penalty: 1,
  presence_penalty: 1,
  logit_bias: { '1': 5 },
  logprobs: true,
  top_logprobs: 2,
  seed: 1,
  user: 'u',
  tools: [{ type: 'function', function: { name: 'f' } }],
  tool_choice: 'required',
  parallel_tool_calls: false,
  functions: [{ name: 'f' }],
  function_call: { name: 'f' },
  response_format: { type: 'json_object' },
  stream: true,
  reasoning_effort: 'low',
  verbosity: 'low',
  service_tier: 'auto',
  store: true,
  metadata: { a: 'b' },
  prediction: { type: 'content', content: 'x' },
  modalities: ['text', 'audio'],
  audio: { voice: 'v', format: 'wav' },
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  prompt_cache_options: { mode: 'explicit' },
  safety_identifier: 's',
  web_search_options: {},
  moderation: { model: 'm' },
}

/** Extensions that the vendor understands under their own name. */
const extensions: Record<string, unknown> = {
  top_k: 5,
  thinking: { type: 'enabled', budget_tokens: 1024 },
  output_config: { effort: 'low' },
  cache_control: { type: 'ephemeral' },
  container: 'c',
  mcp_servers: [{ type: 'url', url: 'https://example.com', name: 'n' }],
  context_management: { edits: [] },
  inference_geo: 'eu',
  speed: 'fast',
}

/** Fields that mean something only beside tools. */
const besideTools = new Set(['parallel_tool_calls', 'function_call'])

const everything = Object.entries({ ...openaiFields, ...extensions })

test.each(everything)('%s is forwarded, mapped or reported: there is no fourth outcome', (name, value) => {
  const surroundings = besideTools.has(name) ? { tools: openaiFields['tools'] } : {}
  const body = { ...surroundings, [name]: value }
  const before = sent(surroundings).body
  const { body: after, dropped } = sent(body)
  const isSent = JSON.stringify(after) !== JSON.stringify(before)
  expect(isSent || dropped.includes(name)).toBe(true)
})

test('every known field has its place in the table', () => {
  const known = ['n', '*', ...Object.keys(openaiFields), ...Object.keys(extensions)]
  expect([...Object.keys(parameters), 'stream'].toSorted()).toEqual(known.toSorted())
})

test.each(Object.entries(parameters).filter(([name, rule]) => rule === 'drop' && name !== '*'))(
  '%s is reported when it asks for something, and not when it is null',
  (name) => {
    expect(sent({ [name]: openaiFields[name] }).dropped).toEqual([name])
    expect(sent({ [name]: null }).dropped).toEqual([])
  },
)

test('an extension is sent as it is', () => {
  const { body, dropped } = sent(extensions)
  const { top_k: _, ...kept } = extensions
  expect(body).toMatchObject(kept)
  expect(dropped).toEqual(['top_k'])
})

test.each(['thinking', 'output_config'])('%s that is no object is refused by name', (name) => {
  expect(faultOf(() => sent({ [name]: 'on' }))).toMatchObject({ kind: 'invalid_request', param: name })
})

test('an unknown field is dropped and reported, because the vendor refuses unknown fields', () => {
  const { body, dropped } = sent({ future_field: 1, constructor: 2 })
  expect(dropped).toEqual(['future_field', 'constructor'])
  expect(body).not.toHaveProperty('future_field')
})

test('values that ask for nothing are dropped in silence', () => {
  const asked = {
    logprobs: false,
    frequency_penalty: 0,
    store: false,
    logit_bias: {},
    modalities: ['text'],
    n: 1,
  }
  expect(
    sent({ ...asked, metadata: {}, verbosity: 'medium', stream_options: { include_usage: true } }).dropped,
  ).toEqual([])
})

test('several answers are refused by name, one is what the vendor gives', () => {
  expect(faultOf(() => sent({ n: 2 }))).toMatchObject({ kind: 'invalid_request', param: 'n' })
})

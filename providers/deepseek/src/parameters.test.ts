import { chatParameters } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'
import { parameters } from './parameters.ts'

/** Every field of an OpenAI chat request, with a value that asks for something. */
const asked: Record<keyof typeof chatParameters, unknown> = {
  max_completion_tokens: 7,
  max_tokens: 7,
  temperature: 0.5,
  top_p: 0.5,
  n: 2,
  stop: 'END',
  seed: 1,
  frequency_penalty: 1,
  presence_penalty: 1,
  logit_bias: { '1': 5 },
  logprobs: true,
  top_logprobs: 2,
  tools: [{ type: 'function', function: { name: 'f' } }],
  tool_choice: 'required',
  parallel_tool_calls: false,
  functions: [{ name: 'f' }],
  function_call: { name: 'f' },
  response_format: { type: 'json_object' },
  reasoning_effort: 'low',
  verbosity: 'low',
  user: 'u',
  safety_identifier: 's',
  metadata: { a: 'b' },
  store: true,
  service_tier: 'flex',
  modalities: ['text', 'audio'],
  audio: { voice: 'v', format: 'wav' },
  prediction: { type: 'content', content: 'x' },
  prompt_cache_key: 'k',
  prompt_cache_retention: '24h',
  prompt_cache_options: { mode: 'explicit' },
  web_search_options: {},
  moderation: { model: 'm' },
}

/** Members that the vendor has. */
const known: ReadonlySet<string> = new Set(
  `model messages stream stream_options max_tokens temperature top_p stop frequency_penalty presence_penalty
  logprobs top_logprobs tools tool_choice response_format thinking reasoning_effort`.split(/\s+/),
)

describe.each(['deepseek-chat', 'deepseek-reasoner', 'deepseek-v4'])('%s', (model) => {
  test.each(Object.entries(asked).filter(([name]) => name !== 'n'))(
    '%s is sent in a form that the vendor has, or reported',
    (name, value) => {
      const { body, dropped } = sent({ model, [name]: value })
      expect(Object.keys(body).filter((member) => !known.has(member))).toEqual([])
      const isSent = JSON.stringify(body) !== JSON.stringify(sent({ model }).body)
      expect(isSent || dropped.includes(name)).toBe(true)
    },
  )

  test.each(Object.keys(asked))('%s that is null asks for nothing', (name) => {
    const { body, dropped } = sent({ model, [name]: null })
    expect(dropped).toEqual([])
    expect(body[name] ?? null).toBeNull()
  })

  test('what asks for what happens anyway is not reported', () => {
    const usual = Object.entries(chatParameters).filter(([, value]) => value !== undefined)
    expect(sent({ model, ...Object.fromEntries(usual), temperature: 1, top_p: 1 }).dropped).toEqual([])
  })
})

test('every known field has its rule', () => {
  expect(Object.keys(parameters).toSorted()).toEqual([...Object.keys(chatParameters), '*'].toSorted())
})

test.each([
  ['deepseek-chat', 'none', {}, []],
  ['deepseek-reasoner', 'none', {}, ['reasoning_effort']],
  ['deepseek-v4', 'none', { thinking: { type: 'disabled' } }, []],
  ['deepseek-v4', 'max', { reasoning_effort: 'max', thinking: { type: 'enabled' } }, []],
])('%s told to reason with %s', (model, effort, expected, dropped) => {
  const { body, dropped: reported } = sent({ model, reasoning_effort: effort })
  const { thinking, reasoning_effort } = body
  expect(JSON.parse(JSON.stringify({ thinking, reasoning_effort }))).toEqual(expected)
  expect(reported).toEqual(dropped)
})

test('the vendor’s own words win over reasoning_effort', () => {
  const thinking = { type: 'enabled' }
  expect(sent({ model: 'deepseek-v4', thinking, reasoning_effort: 'none' })).toMatchObject({
    body: { thinking },
    dropped: ['reasoning_effort'],
  })
})

test('beside tools the old form of them is reported', () => {
  const { body, dropped } = sent({ tools: asked.tools, functions: [{ name: 'g' }], function_call: 'auto' })
  expect(body['tools']).toEqual(asked.tools)
  expect(body).not.toHaveProperty('functions')
  expect(dropped).toEqual(['functions'])
})

test.each([
  [{ response_format: 'json' }, 'response_format'],
  [{ n: 2 }, 'n'],
  [{ functions: 'f' }, 'functions'],
  [
    { tools: asked.tools, tool_choice: { type: 'allowed_tools', allowed_tools: { tools: [] } } },
    'tool_choice.allowed_tools.tools',
  ],
])('%o is refused by name', (body, param) => {
  expect(faultOf(() => sent(body))).toMatchObject({ kind: 'invalid_request', param })
})

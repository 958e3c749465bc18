import { expect, test } from 'vitest'
import { faultOf, sampleCall, type SampleBody, sampleOptions } from '../test/subject.ts'
import { promptRequest } from './messages-prompt.ts'

interface Prompted {
  readonly body: Record<string, unknown>
  readonly prompt: unknown
  readonly dropped: string[]
}

function prompted(body: SampleBody, given: Record<string, unknown> = {}): Prompted {
  const call = sampleCall(body)
  const request = promptRequest(call, sampleOptions({ api: 'messages-prompt', ...given }))
  const sent = request.body as Record<string, unknown>
  const [turn] = sent['messages'] as { content: unknown }[]
  return { body: sent, prompt: turn?.content, dropped: call.reported }
}

const user = (content: unknown): object => ({ role: 'user', content })

test.each([
  ['one message', [user('Hello')], 'Human: Hello\n\nAssistant:'],
  [
    'several turns',
    [user('Hi'), { role: 'assistant', content: 'Hello' }, user('Again')],
    'Human: Hi\n\nAssistant: Hello\n\nHuman: Again\n\nAssistant:',
  ],
  [
    'system',
    [{ role: 'developer', content: 'Be brief.' }, user('Hi')],
    'Be brief.\n\nHuman: Hi\n\nAssistant:',
  ],
  [
    'parts',
    [
      user([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ],
    'Human: a\nb\n\nAssistant:',
  ],
  ['an empty message', [user('')], 'Human: \n\nAssistant:'],
])('%s as a prompt', (_, messages, prompt) => {
  const request = prompted({ messages })
  expect(request.prompt).toBe(prompt)
  expect(request.dropped).toEqual([])
})

test('a later system text moves to the front, and its lost place is reported', () => {
  const messages = [user('Hi'), { role: 'system', content: 'Be brief.' }]
  const request = prompted({ messages })
  expect(request.prompt).toBe('Be brief.\n\nHuman: Hi\n\nAssistant:')
  expect(request.dropped).toEqual(['messages[1].role'])
})

test('the body has nothing but the token limit, the temperature, the stops and the stream', () => {
  const asked = { max_completion_tokens: 7, temperature: 0.5, stop: ['END', ' '], n: 1, tools: [] }
  const others = { top_p: 0.5, top_k: 3, user: 'u', thinking: {}, seed: 1 }
  const { body, dropped } = prompted({ ...asked, ...others, stream: true })
  expect(body).toEqual({
    model: 'claude-sonnet-4-5',
    max_tokens: 7,
    stream: true,
    temperature: 0.5,
    stop_sequences: ['END', 'Human:'],
    messages: [{ role: 'user', content: 'Human: Hi\n\nAssistant:' }],
  })
  expect(dropped).toEqual(['top_p', 'top_k', 'user', 'thinking', 'seed', 'stop[1]'])
})

test('the token limit and the temperature follow the rules of the native format', () => {
  expect(prompted({}, { max_tokens: 9 }).body['max_tokens']).toBe(9)
  expect(prompted({ temperature: 1.5 })).toMatchObject({ body: { temperature: 1 }, dropped: ['temperature'] })
  expect(prompted({ model: 'claude-opus-5', temperature: 0 })).toMatchObject({ dropped: ['temperature'] })
})

test('a stop of the client that is the format’s own stands there once', () => {
  expect(prompted({ stop: ['Human:', 'END'] }).body['stop_sequences']).toEqual(['Human:', 'END'])
})

test('what a message says beside its text is reported', () => {
  const messages = [
    { role: 'user', content: [{ type: 'text', text: 'Hi', cache_control: {} }], name: 'Ann' },
    { role: 'assistant', content: 'Hello', reasoning_content: 'thought', refusal: null, tool_calls: [] },
    user('Bye'),
  ]
  expect(prompted({ messages }).dropped).toEqual(['messages[0].name', 'messages[0].content[0].cache_control'])
})

test.each([
  [{ tools: [{ type: 'function', function: { name: 'f' } }] }, 'tools'],
  [{ functions: [{ name: 'f' }] }, 'functions'],
  [{ response_format: { type: 'json_schema', json_schema: { schema: {} } } }, 'response_format'],
  [
    { messages: [user([{ type: 'image_url', image_url: { url: 'https://a.b/c.png' } }])] },
    'messages[0].content[0]',
  ],
  [{ messages: [{ role: 'tool', tool_call_id: 'a', content: 'x' }] }, 'messages[0].role'],
])('%o is not offered: other providers are asked', (body, param) => {
  expect(faultOf(() => prompted(body))).toMatchObject({ kind: 'unsupported', param })
})

test.each([[{ n: 2 }], [{ n: 'two' }]])('%o is refused', (body) => {
  expect(faultOf(() => prompted(body))).toMatchObject({ kind: 'invalid_request', param: 'n' })
})

import type { Call } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { chatAnswer, chatBody, jsonResponse, toyGateway } from '../../test/toy-gateway.ts'
import { mendWhole } from './mend-whole.ts'

const call = { id: 'own', created: 100, model: 'asked', body: {} } as unknown as Call
const message = { role: 'assistant', content: 'hi' }
const choice = { index: 0, message, finish_reason: 'stop' }
const answer = (members: object = {}) => ({
  id: 'x',
  object: 'chat.completion',
  created: 7,
  model: 'm',
  choices: [choice],
  ...members,
})
const calling = (called: object, finish_reason = 'tool_calls') =>
  answer({
    choices: [
      { index: 0, message: { role: 'assistant', content: null, tool_calls: [called] }, finish_reason },
    ],
  })
const sound = { id: 'a', type: 'function', function: { name: 'f', arguments: '{}' } }

test.each([
  answer(),
  answer({ extra: 1, usage: null }),
  calling(sound),
  calling({ id: 'a', type: 'custom', custom: {} }),
])('an answer that is sound needs nothing: %#', (given) => {
  expect(mendWhole(given, call)).toBeUndefined()
})

test.each<[string, object, object]>([
  [
    'no id, time and model',
    answer({ id: null, created: undefined, model: '' }),
    { id: 'chatcmpl-own', created: 100, model: 'asked' },
  ],
  ['another object', answer({ object: 'text' }), { object: 'chat.completion' }],
  [
    'no role',
    answer({ choices: [{ index: 0, message: { content: 'a' }, finish_reason: 'stop' }] }),
    { choices: [{ message: { role: 'assistant', content: 'a' } }] },
  ],
  [
    'a foreign finish',
    answer({ choices: [{ ...choice, finish_reason: 'eos' }] }),
    { choices: [{ finish_reason: 'stop' }] },
  ],
  ['no finish', answer({ choices: [{ index: 0, message }] }), { choices: [{ finish_reason: 'stop' }] }],
  ['a stop beside calls', calling(sound, 'stop'), { choices: [{ finish_reason: 'tool_calls' }] }],
  [
    'arguments that are no text',
    calling({ ...sound, function: { name: 'f', arguments: { a: 1 } } }),
    { choices: [{ message: { tool_calls: [{ function: { arguments: '{"a":1}' } }] } }] },
  ],
  [
    'a call without id and type',
    calling({ function: { name: 'f', arguments: 'null' } }),
    {
      choices: [
        {
          message: { tool_calls: [{ id: 'call_own_0_0', type: 'function', function: { arguments: '{}' } }] },
        },
      ],
    },
  ],
  [
    'reasoning by another name',
    answer({ choices: [{ ...choice, message: { ...message, reasoning: 'hm' } }] }),
    { choices: [{ message: { reasoning: 'hm', reasoning_content: 'hm' } }] },
  ],
])('%s is mended, and what else is there stays', (_name, given, expected) => {
  const body = { ...structuredClone(given), extra: 1 }
  const mending = mendWhole(body, call)
  const mended = mending?.kind === 'head' ? { ...body, ...mending.members } : mending?.answer
  expect(mended).toMatchObject({ ...expected, extra: 1 })
})

test('missing members of the head are spliced into the bytes, which stay as they are', async () => {
  const bytes = ` {"choices": [{"index":0,"message":{"role":"assistant","content":"a"},"finish_reason":"stop"}], "n":1.0 }`
  const answered = { status: 200, headers: { 'content-type': 'application/json' }, body: Buffer.from(bytes) }
  const { gateway } = await toyGateway([{ provider: { exchange: () => Promise.resolve(answered) } }], {
    proxy_info: false,
  })
  const text = await (await gateway.respond('chat', chatBody())).text()
  expect(text.startsWith(bytes.slice(0, -2))).toBe(true)
  expect(JSON.parse(text)).toMatchObject({ object: 'chat.completion', model: 'm', id: expect.any(String) })
})

test('an answer without any choice stays what it is', () => {
  expect(mendWhole(answer({ choices: [] }), call)).toBeUndefined()
})

test('a choice that says that it broke off is a failure, and the next provider answers', async () => {
  const broken = answer({ choices: [{ ...choice, finish_reason: 'error' }] })
  const { gateway, outcomes } = await toyGateway([
    { provider: { exchange: () => Promise.resolve(jsonResponse(broken)) }, entry: { max_retries: 0 } },
    { provider: { exchange: () => Promise.resolve(jsonResponse(chatAnswer('whole'))) } },
  ])
  const reply = await gateway.respond('chat', chatBody())
  expect(await reply.json()).toMatchObject({ choices: [{ message: { content: 'whole' } }] })
  await reply.outcome
  expect(outcomes[0]!.attempts.map(({ fault }) => fault?.kind)).toEqual(['upstream', undefined])
})

import { faultKinds } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import type { Ingress } from '../ingress/ingress.ts'
import { continuationOf, isContinuable, mayContinue } from './continuation.ts'
import type { Said } from './continuation-transcript.ts'

const user = { role: 'user', content: 'Hi' }

function ingressOf(
  body: object,
  text = JSON.stringify({ model: 'm', stream: true, messages: [user], ...body }),
): Ingress {
  const bytes = Buffer.from(text)
  const parsed = JSON.parse(text) as Ingress['body']
  return { id: 'r', operation: 'chat', bytes, body: parsed, caller: 'c', headers: {}, startedAt: 0 }
}

function said(text: string, more: Partial<Said> = {}): Said {
  return { identity: { id: 'c1', created: 7, model: 'm' }, text, pieces: 3, reasoned: false, ...more }
}

test.each<[boolean, object]>([
  [true, {}],
  [true, { n: 1, logprobs: false, response_format: { type: 'text' }, max_tokens: 9, temperature: 0 }],
  [
    true,
    { n: null, logprobs: null, response_format: null, audio: null, tool_choice: null, modalities: ['text'] },
  ],
  [true, { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'auto' }],
  [true, { tools: [{ type: 'function', function: { name: 'f' } }], tool_choice: 'none' }],
  [false, { stream: false }],
  [false, { n: 2 }],
  [false, { logprobs: true }],
  [false, { response_format: { type: 'json_object' } }],
  [false, { response_format: { type: 'json_schema', json_schema: {} } }],
  [false, { audio: { voice: 'x' } }],
  [false, { modalities: ['text', 'audio'] }],
  [false, { tool_choice: 'required' }],
  [false, { tool_choice: { type: 'function', function: { name: 'f' } } }],
  [false, { function_call: { name: 'f' } }],
  [false, { messages: [user, { role: 'assistant', content: 'Well' }] }],
])('may be continued: %s, %j', (may, body) => {
  expect(mayContinue(ingressOf(body))).toBe(may)
})

test('only chat is continued', () => {
  for (const operation of ['completions', 'messages', 'embeddings'] as const)
    expect(mayContinue({ ...ingressOf({}), operation })).toBe(false)
})

test('a fault for which another provider may be asked can be mended, but the time limits of the whole answer cannot', () => {
  const continuable = faultKinds.filter((kind) => isContinuable({ kind, message: '' }))
  expect(continuable.toSorted()).toEqual([
    'authentication',
    'bad_response',
    'model_not_found',
    'network',
    'overloaded',
    'quota_exhausted',
    'rate_limit',
    'timeout',
    'unsupported',
    'upstream',
  ])
  expect(isContinuable({ kind: 'timeout', phase: 'idle', message: '' })).toBe(true)
  for (const phase of ['total', 'stream'] as const)
    expect(isContinuable({ kind: 'timeout', phase, message: '' })).toBe(false)
})

test('the rest is asked for with the client’s own bytes, and the text without its tail as the last message', () => {
  const text =
    ' {"model" : "m","messages":[ {"role":"user","content":"\\u0048i","seed":1.0} ] ,"seed":12345678901234567890}'
  const rest = continuationOf(ingressOf({}, text), said('Grüße "😀"\n\n'), null)!
  expect(rest.ingress.bytes.toString()).toBe(
    ' {"model" : "m","messages":[ {"role":"user","content":"\\u0048i","seed":1.0} ,{"role":"assistant","content":"Grüße \\"😀\\""}] ,"seed":12345678901234567890}',
  )
  expect(JSON.parse(rest.ingress.bytes.toString())).toEqual(rest.ingress.body)
  expect(rest).toMatchObject({ needsSupport: true, begun: { tail: '\n\n', usage: null } })
})

const usage = { input: 9, output: 5, total: 14, cacheRead: 0, cacheWrite: 0, reasoning: 0 }

test.each([
  { limits: { max_tokens: 100 }, known: null, left: { max_tokens: 97 } },
  { limits: { max_tokens: 100 }, known: usage, left: { max_tokens: 95 } },
  {
    limits: { max_completion_tokens: 3, max_tokens: 4 },
    known: null,
    left: { max_completion_tokens: 1, max_tokens: 1 },
  },
  { limits: { max_tokens: null }, known: usage, left: { max_tokens: null } },
])('of the limits $limits there are left $left', ({ limits, known, left }) => {
  const { ingress } = continuationOf(ingressOf(limits), said('Once'), known)!
  expect(ingress.body).toMatchObject(left)
  expect(JSON.parse(ingress.bytes.toString())).toEqual(ingress.body)
})

test('where nothing was said, the client’s request is asked again, unless something was thought', () => {
  const ingress = ingressOf({ max_tokens: 100 })
  for (const text of ['', '\n ']) {
    const rest = continuationOf(ingress, said(text), null)
    expect(rest).toMatchObject({ needsSupport: false, begun: { tail: text } })
    expect(rest?.ingress).toBe(ingress)
    expect(continuationOf(ingress, said(text, { reasoned: true }), null)).toBeUndefined()
  }
  expect(continuationOf(ingress, said('Once', { reasoned: true }), null)).toBeDefined()
})

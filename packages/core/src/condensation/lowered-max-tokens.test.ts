import type { OperationName } from '@llmproxy/provider-kit'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { AttemptFault } from '../exchange/transfer.ts'
import type { Ingress } from '../ingress/ingress.ts'
import { loweredMaxTokens } from './lowered-max-tokens.ts'

function ingressOf(members: object, operation: OperationName = 'chat'): Ingress {
  const body = { model: 'm', ...members }
  const bytes = Buffer.from(JSON.stringify(body, null, 1))
  return { id: 'r', operation, bytes, body, caller: 'anonymous', headers: {}, startedAt: 0 }
}

const tooLong = (message: string): AttemptFault => ({ kind: 'context_length', status: 400, message })

const sum = (input: number, output: number, limit: number) =>
  tooLong(`input length and \`max_tokens\` exceed context limit: ${input} + ${output} > ${limit}, decrease`)

const server =
  "'max_tokens' or 'max_completion_tokens' is too large: 5000. This model's maximum context length is 4096 tokens and your request has 1024 input tokens (5000 > 4096 - 1024)."

describe('an answer that is too long beside a prompt that fits', () => {
  test.each<[text: string, asked: number, to: number]>([
    ['exceed context limit: 189136 + 20000 > 204648, decrease input length', 20_000, 15_512],
    [server, 5000, 3072],
    [
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (1000 in the messages, 4000 in the completion). Please reduce",
      4000,
      3096,
    ],
    [
      "This model's maximum context length is 4096 tokens, however you requested 5000 tokens (1000 in your prompt; 4000 for the completion). Please reduce",
      4000,
      3096,
    ],
    [
      "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (900 in the messages, 100 in the functions, and 4000 in the completion).",
      4000,
      3096,
    ],
    [
      "This endpoint's maximum context length is 16384 tokens. However, you requested about 20255 tokens (10255 of text input, 10000 in the output).",
      10_000,
      6129,
    ],
    [
      '`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 1000 `inputs` tokens and 4000 `max_new_tokens`',
      4000,
      3096,
    ],
    [
      "exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 1000 tokens from the input messages and 4000 tokens for the completion.",
      4000,
      3096,
    ],
  ])('%s', (text, asked, to) => {
    const lowered = loweredMaxTokens(ingressOf({ max_tokens: asked }), tooLong(text))
    expect(lowered).toMatchObject({ from: asked, to, ingress: { body: { max_tokens: to } } })
  })

  test.each([
    ['a chat', 'chat', { max_tokens: 5000 }, { max_tokens: 3072 }],
    ['a chat, the newer name', 'chat', { max_completion_tokens: 5000 }, { max_completion_tokens: 3072 }],
    ['a chat that names none', 'chat', {}, { max_completion_tokens: 3072 }],
    [
      'a chat that says null',
      'chat',
      { max_tokens: null },
      { max_tokens: null, max_completion_tokens: 3072 },
    ],
    ['a completion', 'completions', { max_tokens: 5000 }, { max_tokens: 3072 }],
    ['a completion that names none', 'completions', {}, { max_tokens: 3072 }],
    [
      'both names: the newer one counts',
      'chat',
      { max_completion_tokens: 5000, max_tokens: 7000 },
      { max_completion_tokens: 3072, max_tokens: 3072 },
    ],
    [
      'both names: what is low enough stays',
      'chat',
      { max_completion_tokens: 5000, max_tokens: 20 },
      { max_completion_tokens: 3072, max_tokens: 20 },
    ],
  ] as const)('%s', (_, operation, sent, expected) => {
    const lowered = loweredMaxTokens(ingressOf(sent, operation), tooLong(server))
    expect(lowered?.ingress.body).toEqual({ model: 'm', ...expected })
    expect(JSON.parse(lowered!.ingress.bytes.toString())).toEqual({ model: 'm', ...expected })
  })

  test('nothing else of the bytes changes, and what the client sent stays as it was', () => {
    const text = '{"model":"m", "seed": 12345678901234567890, "max_tokens" : 5000,"x":"\\u00e9"}'
    const given = { ...ingressOf({}), bytes: Buffer.from(text), body: JSON.parse(text) }
    const lowered = loweredMaxTokens(given, tooLong(server))
    expect(lowered?.ingress.bytes.toString()).toBe(text.replace('5000', '3072'))
    expect(given.bytes.toString()).toBe(text)
    expect(given.body['max_tokens']).toBe(5000)
    expect(lowered?.ingress).toMatchObject({ id: 'r', operation: 'chat', caller: 'anonymous' })
  })

  test('a provider that asks for more than the client: what it adds stays possible', () => {
    expect(loweredMaxTokens(ingressOf({ max_tokens: 1000 }), sum(3000, 2100, 4096))).toBeUndefined()
    expect(loweredMaxTokens(ingressOf({ max_tokens: 1000 }), sum(3000, 1400, 4096))?.to).toBe(696)
  })

  test('a provider that asks for less than the client: its number is lowered', () => {
    expect(loweredMaxTokens(ingressOf({ max_tokens: 100_000 }), sum(3000, 2000, 4096))).toMatchObject({
      from: 100_000,
      to: 1096,
    })
  })
})

describe('too little room for an answer', () => {
  test.each<[asked: number, room: number, to: number | undefined]>([
    [1000, 64, 64],
    [1000, 63, undefined],
    [100, 63, 63],
    [100, 50, 50],
    [100, 49, undefined],
    [16, 15, 15],
    [16, 1, undefined],
    [2, 1, 1],
    [2, 0, undefined],
    [1000, -5000, undefined],
  ])('%i asked, room for %i', (asked, room, to) => {
    const fault = sum(10_000 - room, asked, 10_000)
    expect(loweredMaxTokens(ingressOf({ max_tokens: asked }), fault)?.to).toBe(to)
  })
})

test('what is asked for then fits, whatever a provider adds or takes away, and is not more than the client wants', () => {
  const tokens = fc.integer({ min: 1, max: 300_000 })
  fc.assert(
    fc.property(tokens, tokens, tokens, tokens, (input, asked, counted, limit) => {
      const lowered = loweredMaxTokens(ingressOf({ max_tokens: asked }), sum(input, counted, limit))
      if (lowered === undefined) return
      const { from, to } = lowered
      expect(from).toBe(asked)
      expect(to).toBeGreaterThan(0)
      expect(to).toBeLessThan(asked)
      const added = Math.max(0, counted - asked)
      expect(input + Math.min(to, counted) + added).toBeLessThanOrEqual(limit)
    }),
  )
})

describe('the prompt is at fault, or nobody knows', () => {
  test.each([
    'prompt is too long: 213462 tokens > 200000 maximum',
    "This model's maximum context length is 4097 tokens. However, your messages resulted in 6988 tokens.",
    "This model's maximum context length is 4097 tokens. However, you requested 6988 tokens.",
    'Your input exceeds the context window of this model.',
    'Prompt contains 40046 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    'the model is loaded with context length of only 4096 tokens',
    // The sum fits: something else is wrong.
    'exceed context limit: 1000 + 2000 > 4096, decrease input length',
  ])('%s', (text) => {
    expect(loweredMaxTokens(ingressOf({ max_tokens: 5000 }), tooLong(text))).toBeUndefined()
  })

  test('other operations stay as they are', () => {
    for (const operation of ['embeddings', 'messages', 'images'] as const) {
      expect(loweredMaxTokens(ingressOf({ max_tokens: 5000 }, operation), tooLong(server))).toBeUndefined()
    }
  })

  test('a limit on answers is no limit on contexts', () => {
    const fault: AttemptFault = { kind: 'invalid_request', status: 400, message: server }
    expect(loweredMaxTokens(ingressOf({ max_tokens: 5000 }), fault)).toBeUndefined()
  })
})

describe('a server that stops to count at its limit', () => {
  const text =
    "This model's maximum context length is 128000 tokens. However, you requested 65535 output tokens and your prompt contains at least 62466 input tokens, for a total of at least 128001 tokens."
  const given = ingressOf({ max_tokens: 65_535 })

  test('an estimate of the prompt, with a margin, leaves the rest to the answer', () => {
    expect(loweredMaxTokens(given, tooLong(text), () => 70_000)).toMatchObject({ from: 65_535, to: 40_500 })
  })

  test.each([
    ['no estimate', undefined],
    ['one that says it fits', () => 10_000],
    ['one that says that even the prompt does not', () => 110_000],
  ])('%s: nothing is lowered', (_, estimate) => {
    expect(loweredMaxTokens(given, tooLong(text), estimate)).toBeUndefined()
  })

  test('nobody estimates where the text says it', () => {
    const never = (): number => {
      throw new Error('estimated')
    }
    expect(loweredMaxTokens(given, sum(100_000, 65_535, 128_000), never)?.to).toBe(28_000)
    expect(
      loweredMaxTokens(given, tooLong('prompt is too long: 9 tokens > 8 maximum'), never),
    ).toBeUndefined()
  })
})

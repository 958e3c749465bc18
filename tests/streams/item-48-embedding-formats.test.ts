import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { startRawUpstream } from '../support/raw-upstream.ts'
import { compatible, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'

/** Numbers that 32 bits hold exactly, so that no packing changes them. */
const vector = [0.5, -0.25, 1, 0, -3.75, 1.1754943508222875e-38]
const packed = Buffer.from(new Float32Array(vector).buffer).toString('base64')

/** Upstreams that answer in one format whatever they are asked. */
const upstreams = [
  { always: 'numbers', embedding: vector },
  { always: 'base64', embedding: packed },
] as const

const formats = [
  { asked: 'omitted', member: {}, wire: vector },
  { asked: 'float', member: { encoding_format: 'float' }, wire: vector },
  { asked: 'base64', member: { encoding_format: 'base64' }, wire: packed },
] as const

describe.each(upstreams)('an upstream that always answers $always', ({ embedding }) => {
  const answerOf = (count: number) => ({
    headers: { 'content-type': 'application/json' },
    steps: [
      JSON.stringify({
        object: 'list',
        model: 'mock-any',
        data: Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding })),
        usage: { prompt_tokens: 1, total_tokens: 1 },
        vendor: { kept: true },
      }),
    ],
  })

  test.each(formats)('gives a plain client what it asked for: $asked', async ({ member, wire }) => {
    await using upstream = await startRawUpstream(() => answerOf(2))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const body = { model: 'mock-any', input: ['a', 'b'], ...member }
    const { text, status } = await post(`${gateway.url}/v1/embeddings`, body)
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject({
      data: [
        { index: 0, embedding: wire },
        { index: 1, embedding: wire },
      ],
      vendor: { kept: true },
    })
    expect(JSON.parse(upstream.requests[0]!.body.toString())).toEqual(body)
  })

  test.each(formats)('gives the openai SDK the same vector when the format is $asked', async ({ member }) => {
    await using upstream = await startRawUpstream(() => answerOf(1))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
    const { data } = await client.embeddings.create({ model: 'mock-any', input: 'a', ...member })
    const { embedding } = data[0] as { embedding: number[] | string }
    const numbers =
      typeof embedding === 'string'
        ? [...new Float32Array(Uint8Array.from(Buffer.from(embedding, 'base64')).buffer)]
        : embedding
    expect(numbers).toEqual(vector)
  })

  test('and fewer vectors than inputs is an error', async () => {
    await using upstream = await startRawUpstream(() => answerOf(1))
    await using gateway = await start({ mocks: 0, config: () => ({ providers: [compatible(upstream.url)] }) })
    const { status } = await post(`${gateway.url}/v1/embeddings`, { model: 'mock-any', input: ['a', 'b'] })
    expect(status).toBe(502)
  })
})

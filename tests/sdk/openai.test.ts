import OpenAI, { APIUserAbortError, NotFoundError } from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anthropicWire, compatible, type Started, start } from '../support/start.ts'

const messages = [{ role: 'user', content: 'Hi there' }] as const

let gateway: Started
let client: OpenAI
beforeAll(async () => {
  gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url), anthropicWire(url, { priority: 2 })] }),
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
})
afterAll(() => gateway.close())

describe.each(['compatible', 'anthropic-wire'])('chat over the provider %s', (provider) => {
  const model = `${provider}/mock-echo`

  test('answers whole', async () => {
    const answer = await client.chat.completions.create({ model, messages: [...messages] })
    expect(answer.choices[0]?.message).toMatchObject({ role: 'assistant', content: 'Hi there' })
    expect(answer.choices[0]?.finish_reason).toBe('stop')
    expect(answer.usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 })
    expect(answer).toMatchObject({ _proxy_info: { provider, attempt_number: 1 } })
    expect(answer._request_id).toBe(gateway.outcomes.at(-1)?.requestId)
  })

  test('streams the same text, with the usage that was asked for', async () => {
    const stream = client.chat.completions.stream({
      model,
      messages: [...messages],
      stream_options: { include_usage: true },
    })
    const { choices, usage } = await stream.finalChatCompletion()
    expect(choices[0]?.message.content).toBe('Hi there')
    expect(choices[0]?.finish_reason).toBe('stop')
    expect(usage).toMatchObject({ prompt_tokens: 2, completion_tokens: 2, total_tokens: 4 })
  })

  test('streams no usage when none was asked for, and knows it all the same', async () => {
    const before = gateway.outcomes.length
    const stream = await client.chat.completions.create({ model, messages: [...messages], stream: true })
    for await (const chunk of stream) {
      expect(chunk.usage).toBeUndefined()
      expect(chunk.choices).toHaveLength(1)
    }
    const outcome = await gateway.ended(before + 1)
    expect(outcome).toMatchObject({ ending: 'complete', usage: { input: 2, output: 2 } })
  })
})

test('completions answer and stream', async () => {
  const model = 'mock-echo'
  const whole = await client.completions.create({ model, prompt: 'Once upon a time' })
  expect(whole.choices[0]).toMatchObject({ text: 'Once upon a time', finish_reason: 'stop' })
  let text = ''
  for await (const chunk of await client.completions.create({ model, prompt: 'Once upon', stream: true })) {
    text += chunk.choices[0]?.text ?? ''
  }
  expect(text).toBe('Once upon')
})

describe('embeddings', () => {
  const input = ['one', 'two']
  const vectors = async (model: string, encoding_format?: 'float' | 'base64') => {
    const { data } = await client.embeddings.create({
      model,
      input,
      ...(encoding_format && { encoding_format }),
    })
    return data.map(({ embedding }) => embedding as unknown)
  }
  const decoded = (vector: unknown) => {
    if (typeof vector !== 'string') return vector as number[]
    const bytes = Buffer.from(vector, 'base64')
    return [...new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length))]
  }

  test.each(['mock-embed-16', 'mock-embed-16-embed-floats'])(
    'are the same vectors in every format that is asked of %s',
    async (model) => {
      const plain = (await vectors(model)) as number[][]
      expect(plain.map((vector) => vector.length)).toEqual([16, 16])
      expect(plain[0]).not.toEqual(plain[1])
      expect((await vectors(model, 'float')).map(decoded).map(single)).toEqual(plain.map(single))
      const packed = await vectors(model, 'base64')
      expect(packed.every((vector) => typeof vector === 'string')).toBe(true)
      expect(packed.map(decoded)).toEqual(plain.map(single))
    },
  )

  test('are the same vectors whether or not the upstream heeds the format', async () => {
    expect(await vectors('mock-embed-16')).toEqual(await vectors('mock-embed-16-embed-floats'))
  })
})

/** Base64 carries 32-bit numbers. */
function single(vector: readonly number[]): number[] {
  return [...new Float32Array(vector)]
}

test('lists models that resolve, and finds one by name', async () => {
  await using named = await start({
    config: ([url = '']) => ({
      providers: [compatible(url, { models: ['mock-echo', { id: 'team/chat', upstream: 'mock-fixed' }] })],
    }),
  })
  const models = new OpenAI({ baseURL: `${named.url}/v1`, apiKey: 'client-key' })
  const { data: listed } = await models.models.list()
  expect(listed.map(({ id }) => id)).toEqual(['mock-echo', 'team/chat'])
  for (const { id } of listed) {
    const answer = await models.chat.completions.create({ model: id, messages: [...messages] })
    expect(answer.choices[0]?.message.content).toBeTruthy()
  }
  expect(await models.models.retrieve('team/chat')).toMatchObject({ id: 'team/chat', object: 'model' })
  await expect(models.models.retrieve('nobody')).rejects.toBeInstanceOf(NotFoundError)
})

test('aborting a stream ends the upstream’s generation', async () => {
  const before = gateway.outcomes.length
  const stream = await client.chat.completions.create({
    model: 'mock-chunks-500-gap-20',
    messages: [...messages],
    stream: true,
  })
  let seen = 0
  for await (const _ of stream) if (++seen === 3) stream.controller.abort()
  expect(await gateway.ended(before + 1)).toMatchObject({ ending: 'client_gone' })
  const upstream = await gateway.upstreams[0]!.waitFor(({ aborted }) => aborted, 5000)
  expect(upstream.body.toString()).toContain('mock-chunks-500-gap-20')
})

test('aborting a whole answer ends the upstream’s generation', async () => {
  const before = gateway.outcomes.length
  const controller = new AbortController()
  const model = 'mock-latency-30000'
  const asked = client.chat.completions.create(
    { model, messages: [...messages] },
    { signal: controller.signal },
  )
  await gateway.upstreams[0]!.waitFor(({ body }) => body.includes(model), 5000)
  controller.abort()
  await expect(asked).rejects.toBeInstanceOf(APIUserAbortError)
  expect(await gateway.ended(before + 1)).toMatchObject({ ending: 'client_gone' })
  await gateway.upstreams[0]!.waitFor(({ aborted, body }) => aborted && body.includes(model), 5000)
})

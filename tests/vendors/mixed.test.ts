import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MixedGateway, mixedGateway, modelOf } from './support/mixed-gateway.ts'
import { vendors } from './support/vendors.ts'

let mixed: MixedGateway
let client: OpenAI
beforeAll(async () => {
  mixed = await mixedGateway()
  client = new OpenAI({ baseURL: `${mixed.url}/v1`, apiKey: 'client-key', maxRetries: 0 })
})
afterAll(() => mixed[Symbol.asyncDispose]())

const messages = [{ role: 'user' as const, content: 'Hello' }]

describe.each(vendors.map(({ vendor }) => [vendor.type, vendor] as const))('%s', (type, vendor) => {
  const model = modelOf(vendor, 'chat')
  const refused = () => mixed.simulators.get(type)!.violations.map(({ status, message }) => [status, message])

  test('chat, whole and streamed, says the same', async () => {
    const whole = await client.chat.completions.create({ model, messages })
    const [choice] = whole.choices
    expect(choice?.message.content).toMatch(/\S/)
    expect(choice?.finish_reason).toBe('stop')
    const stream = client.chat.completions.stream({
      model,
      messages,
      stream_options: { include_usage: true },
    })
    const streamed = await stream.finalChatCompletion()
    expect(streamed.choices[0]?.message.content).toBe(choice?.message.content)
    expect(streamed.choices[0]?.finish_reason).toBe('stop')
    expect(streamed.usage?.total_tokens).toBe(whole.usage?.total_tokens)
    expect(refused()).toEqual([])
  })

  test('legacy completions, of one prompt and of several, streamed too', async () => {
    const one = await client.completions.create({ model, prompt: 'Hello' })
    expect(one.choices.map(({ text }) => text)).toEqual([expect.stringMatching(/\S/)])
    const several = await client.completions.create({ model, prompt: ['Hello', 'Goodbye'] })
    expect(several.choices.map(({ index }) => index)).toEqual([0, 1])
    let text = ''
    for await (const chunk of await client.completions.create({ model, prompt: 'Hello', stream: true }))
      text += chunk.choices[0]?.text ?? ''
    expect(text).toBe(one.choices[0]?.text)
    expect(refused()).toEqual([])
  })

  if (vendor.models.embeddings)
    test('embeddings, as floats and as base64', async () => {
      const embed = modelOf(vendor, 'embeddings')
      const input = ['one', 'two', 'three']
      const floats = await client.embeddings.create({ model: embed, input, encoding_format: 'float' })
      expect(floats.data.map(({ index }) => index)).toEqual([0, 1, 2])
      for (const { embedding } of floats.data) expect(embedding.length).toBeGreaterThan(0)
      // The official client asks for base64 by itself.
      const decoded = await client.embeddings.create({ model: embed, input })
      expect(decoded.data[2]?.embedding.length).toBe(floats.data[2]?.embedding.length)
      expect(refused()).toEqual([])
    })

  if (vendor.models.images)
    test('images', async () => {
      const answer = await client.images.generate({ model: modelOf(vendor, 'images'), prompt: 'A cat' })
      expect(answer.data?.length).toBe(1)
      expect(answer.data?.[0]?.url ?? answer.data?.[0]?.b64_json).toMatch(/\S/)
      expect(refused()).toEqual([])
    })

  if (vendor.models.videos)
    test('videos', async () => {
      const response = await fetch(`${mixed.url}/v1/videos/generations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: modelOf(vendor, 'videos'), prompt: 'A cat' }),
      })
      expect([response.status, await response.json()]).toMatchObject([200, { data: [expect.any(Object)] }])
      expect(refused()).toEqual([])
    })

  test('an operation that the vendor lacks is 501, not to be repeated, and names who could', async () => {
    for (const operation of ['embeddings', 'images', 'videos'] as const) {
      if (mixed.gateway.config.providers.length === 0 || offers(type, operation)) continue
      const path = operation === 'embeddings' ? 'embeddings' : `${operation}/generations`
      const response = await fetch(`${mixed.url}/v1/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model, input: 'x', prompt: 'x' }),
      })
      expect([operation, response.status, response.headers.get('x-should-retry')]).toEqual([
        operation,
        501,
        'false',
      ])
      const { error } = (await response.json()) as { error: { type: string; message: string } }
      expect(error.type).toBe('not_implemented_error')
      expect(error.message).toContain('openai')
    }
  })
})

interface ProvidersAnswer {
  readonly providers: readonly { readonly name: string; readonly operations: readonly string[] }[]
}

function offers(type: string, operation: string): boolean {
  const { providers } = mixed.gateway.providers() as ProvidersAnswer
  return providers.find(({ name }) => name === type)?.operations.includes(operation) === true
}

test('GET /providers tells of every plugin what it offers', async () => {
  const { providers } = (await (await fetch(`${mixed.url}/providers`)).json()) as ProvidersAnswer
  expect(providers.map(({ name }) => name).toSorted()).toEqual(
    vendors.map(({ vendor }) => vendor.type).toSorted(),
  )
  for (const { vendor, plugin } of vendors) {
    const line = providers.find(({ name }) => name === vendor.type)
    const checked = plugin.options['~standard'].validate(vendor.options('http://127.0.0.1:9')) as {
      value: unknown
    }
    const own = Object.keys(plugin.create(checked.value).operations)
    expect(line?.operations).toEqual(expect.arrayContaining([...own, 'completions']))
  }
})

test('every vendor is well by its free health request', async () => {
  const reports = await mixed.gateway.probe()
  const unwell = reports.filter(
    ({ verdict, skipped }) => verdict?.status !== 'healthy' && skipped === undefined,
  )
  expect(unwell).toEqual([])
})

test('a vendor’s model list is asked for once, and kept', async () => {
  await using openrouter = await mixedGateway((type) => type === 'openrouter', {
    openrouter: { models: ['openai/*', '*'] },
  })
  const ids = async () =>
    ((await (await fetch(`${openrouter.url}/v1/models`)).json()) as { data: { id: string }[] }).data.map(
      ({ id }) => id,
    )
  const first = await ids()
  expect(first.length).toBeGreaterThan(0)
  expect(await ids()).toEqual(first)
  const asked = openrouter.simulators
    .get('openrouter')!
    .requests.filter(({ path }) => path.endsWith('/models'))
  expect(asked).toHaveLength(1)
})

test('no plugin has thrown anything but faults', () => {
  expect(mixed.logged).toEqual([])
})

import { AIMessage, type BaseMessage, HumanMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { anthropicWire, compatible, type Started, start } from '../support/start.ts'
import { cityArguments, toolResults } from '../support/tool-loop.ts'

let gateway: Started
beforeAll(async () => {
  gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url), anthropicWire(url, { priority: 2 })] }),
  })
})
afterAll(() => gateway.close())

function settings(model: string) {
  return { model, apiKey: 'client-key', configuration: { baseURL: `${gateway.url}/v1` } }
}

describe.each(['compatible', 'anthropic-wire'])('over the provider %s', (provider) => {
  test('chat answers, with the usage', async () => {
    const answer = await new ChatOpenAI(settings(`${provider}/mock-echo`)).invoke('Hi there')
    expect(answer.text).toBe('Hi there')
    expect(answer.usage_metadata).toMatchObject({ input_tokens: 2, output_tokens: 2, total_tokens: 4 })
    expect(answer.response_metadata).toMatchObject({ finish_reason: 'stop' })
  })

  test('chunks of a stream add up to the whole answer, its usage counted once', async () => {
    const chat = new ChatOpenAI({ ...settings(`${provider}/mock-chunks-20`), streamUsage: true })
    const whole = await chat.invoke('Hi there')
    const chunks = []
    for await (const chunk of await chat.stream('Hi there')) chunks.push(chunk)
    const sum = chunks.reduce((sum, chunk) => sum.concat(chunk))
    expect(chunks.length).toBeGreaterThanOrEqual(20)
    // The mock counts four characters as a token.
    expect(sum.text).toBe(whole.text)
    expect(sum.usage_metadata).toMatchObject({
      input_tokens: 2,
      output_tokens: Math.ceil(whole.text.length / 4),
    })
    expect(sum.response_metadata).toMatchObject({ finish_reason: 'stop' })
  })

  test.each(['whole', 'streamed'])('parallel tools loop to an answer, %s', async (form) => {
    const tools = Object.entries(toolResults).map(([name, result]) =>
      tool(() => result, {
        name,
        description: `Tells ${name}`,
        schema: z.object({ city: z.enum(['Rome']) }),
      }),
    )
    const chat = new ChatOpenAI(settings(`${provider}/mock-tools-2`)).bindTools(tools)
    const ask = async (messages: BaseMessage[]): Promise<AIMessage> => {
      if (form === 'whole') return chat.invoke(messages)
      const chunks = []
      for await (const chunk of await chat.stream(messages)) chunks.push(chunk)
      return chunks.reduce((sum, chunk) => sum.concat(chunk))
    }
    const question = new HumanMessage('What is it like in Rome?')
    const first = await ask([question])
    expect(first.tool_calls?.map(({ name, args }) => ({ name, args }))).toEqual([
      { name: 'get_weather', args: cityArguments },
      { name: 'get_time', args: cityArguments },
    ])
    const results = first.tool_calls!.map(
      ({ id = '', name }) => new ToolMessage({ tool_call_id: id, content: toolResults[name]! }),
    )
    const calls = new AIMessage({ content: first.content, tool_calls: first.tool_calls! })
    const last = await ask([question, calls, ...results])
    expect(last.text).toMatch(/^The tool said: .*noon$/)
    const upstream = gateway.upstreams[0]!.requests.at(-1)!.body.toString()
    for (const result of Object.values(toolResults)) expect(upstream).toContain(result)
  })
})

test('text completions answer and stream', async () => {
  const completions = new OpenAI(settings('mock-echo'))
  expect(await completions.invoke('Once upon a time')).toBe('Once upon a time')
  let text = ''
  for await (const piece of await completions.stream('Once upon')) text += piece
  expect(text).toBe('Once upon')
})

test.each(['mock-embed-16', 'mock-embed-16-embed-floats'])(
  'embeddings of %s are vectors, batch by batch',
  async (model) => {
    const embeddings = new OpenAIEmbeddings({ ...settings(model), batchSize: 2 })
    const documents = await embeddings.embedDocuments(['one', 'two', 'three'])
    expect(documents.map((vector) => vector.length)).toEqual([16, 16, 16])
    expect(await embeddings.embedQuery('one')).toEqual(documents[0])
  },
)

test.each([
  { model: 'mock-error-400', status: 400 },
  { model: 'nobody-has-this', status: 404 },
  { model: 'mock-error-503', status: 503 },
])('$status of $model is thrown, after one attempt', async ({ model, status }) => {
  const before = gateway.outcomes.length
  const chat = new ChatOpenAI({ ...settings(model), maxRetries: 0 })
  await expect(chat.invoke('Hi')).rejects.toMatchObject({ status })
  expect(gateway.outcomes).toHaveLength(before + 1)
})

test('aborting a stream ends the upstream’s generation', async () => {
  const before = gateway.outcomes.length
  const controller = new AbortController()
  const chat = new ChatOpenAI(settings('mock-chunks-500-gap-20'))
  await expect(
    (async () => {
      for await (const chunk of await chat.stream('Hi', { signal: controller.signal }))
        if (chunk.text !== '') controller.abort()
    })(),
  ).rejects.toThrow()
  expect(await gateway.ended(before + 1)).toMatchObject({ ending: 'client_gone' })
  await gateway.upstreams[0]!.waitFor(({ aborted }) => aborted, 5000)
})

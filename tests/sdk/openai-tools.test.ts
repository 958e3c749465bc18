import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { anthropicWire, compatible, type Started, start } from '../support/start.ts'
import { chatTools, cityArguments, cityParameters, toolResults } from '../support/tool-loop.ts'

type Message = OpenAI.ChatCompletionMessageParam

let gateway: Started
let client: OpenAI
beforeAll(async () => {
  gateway = await start({
    config: ([url = '']) => ({ providers: [compatible(url), anthropicWire(url, { priority: 2 })] }),
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
})
afterAll(() => gateway.close())

describe.each(['compatible', 'anthropic-wire'])('parallel tools over the provider %s', (provider) => {
  const model = `${provider}/mock-tools-2`
  const question: Message = { role: 'user', content: 'What is it like in Rome?' }

  test.each([false, true])('a loop by hand, streamed: %s, ends with the tools’ results', async (stream) => {
    const ask = async (messages: Message[]) => {
      const body = { model, messages, tools: chatTools }
      const answer = stream
        ? await client.chat.completions.stream(body).finalChatCompletion()
        : await client.chat.completions.create(body)
      return answer.choices[0]!
    }
    const first = await ask([question])
    expect(first.finish_reason).toBe('tool_calls')
    const calls = functionCalls(first.message)
    expect(calls.map((call) => call.function.name)).toEqual(['get_weather', 'get_time'])
    expect(calls.map((call) => JSON.parse(call.function.arguments) as unknown)).toEqual([
      cityArguments,
      cityArguments,
    ])
    expect(new Set(calls.map((call) => call.id)).size).toBe(2)
    const results = calls.map((call): Message => ({
      role: 'tool',
      tool_call_id: call.id,
      content: toolResults[call.function.name]!,
    }))
    const last = await ask([question, first.message, ...results])
    expect(last.finish_reason).toBe('stop')
    expect(last.message.content).toMatch(/^The tool said: .*noon$/)
    const upstream = gateway.upstreams[0]!.requests.at(-1)!.body.toString()
    for (const result of Object.values(toolResults)) expect(upstream).toContain(result)
  })

  test('the SDK’s own tool runner calls both functions once and ends', async () => {
    const called: string[] = []
    const runner = client.chat.completions.runTools({
      model,
      messages: [question],
      stream: true,
      tools: Object.keys(toolResults).map((name) => ({
        type: 'function' as const,
        function: {
          name,
          description: `Tells ${name}`,
          parameters: cityParameters,
          parse: (text: string) => JSON.parse(text) as object,
          function: (given: object) => {
            called.push(`${name} ${JSON.stringify(given)}`)
            return toolResults[name]!
          },
        },
      })),
    })
    expect(await runner.finalContent()).toMatch(/^The tool said: .*noon$/)
    expect(called).toEqual(['get_weather {"city":"Rome"}', 'get_time {"city":"Rome"}'])
  })

  test('a tool without arguments is called with an empty object, streamed and whole', async () => {
    const body = { model: `${provider}/mock-tool-noargs`, messages: [question], tools: chatTools }
    const whole = await client.chat.completions.create(body)
    const streamed = await client.chat.completions.stream(body).finalChatCompletion()
    for (const { choices } of [whole, streamed]) {
      expect(functionCalls(choices[0]!.message).map((call) => call.function.arguments)).toEqual(['{}'])
    }
  })
})

function functionCalls(message: OpenAI.ChatCompletionMessage) {
  return (message.tool_calls ?? []).filter((call) => call.type === 'function')
}

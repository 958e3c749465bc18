import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MixedGateway, mixedGateway, modelOf } from './support/mixed-gateway.ts'
import { vendors } from './support/vendors.ts'

type Message = OpenAI.ChatCompletionMessageParam

let mixed: MixedGateway
let client: OpenAI
beforeAll(async () => {
  // Off by default at a vendor whose accounts mostly refuse them.
  mixed = await mixedGateway(undefined, { perplexity: { tools: true } })
  client = new OpenAI({ baseURL: `${mixed.url}/v1`, apiKey: 'client-key', maxRetries: 0 })
})
afterAll(() => mixed[Symbol.asyncDispose]())

const parameters = { type: 'object', properties: { city: { type: 'string' } } }
const tools = ['get_weather', 'get_time'].map((name) => ({
  type: 'function' as const,
  function: { name, description: `Calls ${name}`, parameters },
}))

describe.each(vendors.map(({ vendor }) => [vendor.type, vendor] as const))(
  'tool calls of %s',
  (type, vendor) => {
    const model = modelOf(vendor, 'chat')

    test.each<[string, number, string]>([
      ['one call', 1, '[tools:1]'],
      ['two calls in parallel', 2, '[tools:2]'],
      ['a call without arguments', 1, '[tools:1][no-arguments]'],
      ['calls after reasoning', 2, '[tools:2][reasoning]'],
    ])(
      'the official client reads %s, whole and streamed, and the results go back',
      async (_name, count, directive) => {
        const question: Message = { role: 'user', content: `What is it like in Rome? ${directive}` }
        for (const stream of [false, true]) {
          const ask = async (messages: Message[]) => {
            const body = { model, messages, tools }
            const answer = stream
              ? await client.chat.completions.stream(body).finalChatCompletion()
              : await client.chat.completions.create(body)
            return answer.choices[0]!
          }
          const first = await ask([question])
          expect([stream, first.finish_reason]).toEqual([stream, 'tool_calls'])
          const calls = (first.message.tool_calls ?? []).filter((call) => call.type === 'function')
          expect(calls.map((call) => call.function.name)).toEqual(['get_weather', 'get_time'].slice(0, count))
          expect(new Set(calls.map(({ id }) => id)).size).toBe(count)
          for (const call of calls) expect(JSON.parse(call.function.arguments)).toEqual(expect.any(Object))
          const results = calls.map(({ id }): Message => ({
            role: 'tool',
            tool_call_id: id,
            content: 'sunny',
          }))
          const last = await ask([question, first.message, ...results])
          expect([stream, last.finish_reason]).toEqual([stream, 'stop'])
          expect(last.message.content).toMatch(/\S/)
        }
        expect(mixed.simulators.get(type)!.violations.map(({ message }) => message)).toEqual([])
      },
    )
  },
)

import * as fc from 'fast-check'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { chat } from '../support/chat-frames.ts'
import { type RawUpstream, startRawUpstream } from '../support/raw-upstream.ts'
import { anthropicWire, compatible, type Started, start } from '../support/start.ts'
import { post } from '../support/stream-client.ts'
import { readStrictly } from '../support/strict-reader.ts'
import {
  anthropicToolStream,
  type FragmentedCall,
  fragmentedCalls,
  habits,
  habitualToolStream,
  openaiToolStream,
} from '../support/streamed-tools.ts'

let frames: readonly string[] = []
let upstream: RawUpstream
let gateway: Started
let client: OpenAI
beforeAll(async () => {
  upstream = await startRawUpstream(() => ({ steps: frames }))
  gateway = await start({
    mocks: 0,
    config: () => ({ providers: [compatible(upstream.url), anthropicWire(upstream.url, { priority: 2 })] }),
  })
  client = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'client-key' })
})
afterAll(async () => {
  await gateway.close()
  await upstream.close()
})

const order = fc.array(fc.nat(4), { minLength: 1, maxLength: 12 })

/** What the openai SDK makes of a stream, and the strict reader of its twin, must be the calls that went in. */
async function expectCalls(model: string, calls: readonly FragmentedCall[]): Promise<void> {
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  const { choices } = await client.chat.completions.stream({ model, messages }).finalChatCompletion()
  const { finish_reason: finish, message } = choices[0]!
  expect(finish).toBe('tool_calls')
  const read = (message.tool_calls ?? []).filter((call) => call.type === 'function')
  expect(read.map(({ function: { name, arguments: text } }) => [name, JSON.parse(text)])).toEqual(
    calls.map((call) => [call.name, call.arguments]),
  )
  expect(new Set(read.map(({ id }) => id)).size).toBe(calls.length)
  const { text } = await post(`${gateway.url}/v1/chat/completions`, chat(model))
  readStrictly(text)
}

test.each([
  { dialect: 'OpenAI', provider: 'compatible', write: openaiToolStream },
  { dialect: 'Anthropic', provider: 'anthropic-wire', write: anthropicToolStream },
])(
  'calls of an $dialect upstream, fragmented and interleaved at random, are the same calls in the openai SDK',
  async ({ provider, write }) => {
    await fc.assert(
      fc.asyncProperty(fragmentedCalls, order, async (calls, order) => {
        frames = [write(calls, order).join('')]
        await expectCalls(`${provider}/mock-any`, calls)
      }),
      { numRuns: 60 },
    )
  },
)

test.each(habits)('calls of an upstream with a habit of its own (%s) are the same calls', async (habit) => {
  await fc.assert(
    fc.asyncProperty(fragmentedCalls, async (calls) => {
      frames = [habitualToolStream(calls, habit).join('')]
      await expectCalls('compatible/mock-any', calls)
    }),
    { numRuns: 30 },
  )
})

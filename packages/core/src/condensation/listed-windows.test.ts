import { setImmediate as turn } from 'node:timers/promises'
import { modelIds, modelWindows, type PreparedRequest } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { ManualClock } from '../../test/manual-clock.ts'
import { chatAnswer, chatBody, jsonResponse, never, toyGateway } from '../../test/toy-gateway.ts'

const models = {
  request: () => ({ method: 'GET' as const, path: '/models' }),
  response: modelIds,
  windows: modelWindows({ members: ['context_window'] }),
}
const list = jsonResponse({ data: [{ id: 'm', context_window: 1_000 }] })

/** About 1,600 tokens, by bytes. */
const long = Array.from({ length: 8 }, (_, index) => [
  { role: 'user', content: `question ${index} `.repeat(40) },
  { role: 'assistant', content: `answer ${index} `.repeat(40) },
]).flat()
const body = () => chatBody({ messages: [...long, { role: 'user', content: 'And now?' }] })

/** A vendor that takes whatever it is sent, and whose list is the answer of the moment. */
async function opened(condensation?: object) {
  const vendor = {
    asked: [] as string[],
    lists: 0,
    list: () => Promise.resolve(list),
  }
  const exchange = ({ operation, body: sent }: PreparedRequest) => {
    if (operation === 'models') {
      vendor.lists += 1
      return vendor.list()
    }
    vendor.asked.push(Buffer.from(sent!).toString())
    return Promise.resolve(jsonResponse(chatAnswer('Well.')))
  }
  const { gateway } = await toyGateway(
    [{ provider: { models, exchange } }],
    { ...(condensation && { condensation }) },
    { clock: new ManualClock() },
  )
  const chat = async () => (await gateway.respond('chat', body())).headers['x-llmproxy-condensed']
  const settled = async () => {
    for (let step = 0; step < 20; step += 1) await turn()
  }
  return { vendor, gateway, chat, settled }
}

test.each<[string, object | undefined]>([
  ['there is no condensation', undefined],
  ['condensation is off', { enabled: false, preflight: true, background: true }],
  ['requests are condensed when they were refused', {}],
])('no list is asked for while all is well and %s', async (_name, condensation) => {
  const { vendor, chat, settled } = await opened(condensation)
  await chat()
  await settled()
  expect([vendor.asked.length, vendor.lists]).toEqual([1, 0])
})

test('a list that never comes delays nobody, and one that has come is believed', async () => {
  const { vendor, chat, settled } = await opened({ preflight: true })
  const { promise, resolve } = Promise.withResolvers<typeof list>()
  vendor.list = () => promise
  expect(await chat()).toBeUndefined()
  expect(await chat()).toBeUndefined()
  expect([vendor.asked.length, vendor.lists]).toEqual([2, 1])
  resolve(list)
  await settled()
  expect(await chat()).toMatch(/^summary; /)
  expect(vendor.lists).toBe(1)
})

test('the window is known after a reload, too, when the list has not been asked for again', async () => {
  const { vendor, gateway, chat, settled } = await opened({ preflight: true })
  await chat()
  await settled()
  vendor.list = () => never
  const providers = [{ name: 'toy0', type: 'toy0', models: ['m'] }]
  await gateway.reload({ condensation: { preflight: true }, models_ttl: 600, providers })
  expect(await chat()).toMatch(/^summary; /)
  expect(vendor.lists).toBe(2)
})

test('with a tokenizer the size is the model’s own', async () => {
  const counted: number[] = []
  const { gateway } = await toyGateway(
    [
      {
        entry: { models: [{ id: 'm', context_window: 3_000 }] },
        provider: {
          exchange: () => Promise.resolve(jsonResponse(chatAnswer('Well.'))),
          // Every character is a token.
          tokenizer: () => Promise.resolve((text: string) => (counted.push(text.length), text.length)),
        },
      },
    ],
    { condensation: { preflight: true } },
    { clock: new ManualClock() },
  )
  await turn()
  const { headers } = await gateway.respond('chat', body())
  expect(headers['x-llmproxy-condensed']).toMatch(/^summary; from=[56]\d\d\d; /)
  expect(Math.max(...counted)).toBeLessThanOrEqual(512)
})

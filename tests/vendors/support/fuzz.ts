import { generatedConversations, type SimulatedVendor } from '@llmproxy/provider-kit/testing'
import { expect } from 'vitest'
import { mixedGateway, modelOf } from './mixed-gateway.ts'
import { vendors } from './vendors.ts'

/** Conversations per vendor. */
const count = 2_000
const abreast = 8

/**
 * Sends generated conversations to one vendor, every other one streamed. The vendor refuses none of them, and the client gets an
 * answer each time: what a vendor cannot take is translated or reported, never passed on to be refused.
 */
export async function fuzz(vendor: SimulatedVendor, seed: number): Promise<void> {
  await using mixed = await mixedGateway((type) => type === vendor.type)
  const { plugin } = vendors.find((each) => each.vendor === vendor)!
  const { value } = plugin.options['~standard'].validate(vendor.options('http://127.0.0.1:9')) as {
    value: unknown
  }
  const { supports = {} } = plugin.create(value)
  const model = modelOf(vendor, 'chat')
  const traits = { tools: supports.tools !== false, images: supports.images !== false }
  const conversations = generatedConversations(seed, count, traits)
  const simulator = mixed.simulators.get(vendor.type)!
  const failures: unknown[] = []
  let next = 0
  const work = async () => {
    for (let index = next++; index < conversations.length && failures.length < 3; index = next++) {
      const conversation = conversations[index]!
      const stream = index % 2 === 1
      const answer = await mixed.gateway.respond('chat', {
        ...conversation,
        model,
        ...(stream && { stream }),
      })
      const text = await answer.text()
      const whole = stream ? text.endsWith('data: [DONE]\n\n') : answer.status === 200
      if (answer.status !== 200 || !whole)
        failures.push({ index, seed, status: answer.status, text, conversation })
    }
  }
  await Promise.all(Array.from({ length: abreast }, work))
  const refused = simulator.violations
    .slice(0, 3)
    .map(({ status, message, request }) => ({ status, message, body: request.body }))
  expect({ refused, failures, logged: mixed.logged.slice(0, 3) }).toEqual({
    refused: [],
    failures: [],
    logged: [],
  })
  expect(simulator.requests.length).toBeGreaterThanOrEqual(count)
}

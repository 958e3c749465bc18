import { createGateway } from '@llmproxy/core'
import { openVendorStage, type SimulatedVendor } from '@llmproxy/provider-kit/testing'
import { expect } from 'vitest'
import { vendors } from './vendors.ts'

/** Conversations per vendor. */
const count = 2_000

/**
 * Sends generated conversations to one vendor, every other one streamed. The vendor refuses none of them, and the client gets an
 * answer each time: what a vendor cannot take is translated or reported, never passed on to be refused.
 */
export async function fuzz(vendor: SimulatedVendor, seed: number): Promise<void> {
  const { plugin } = vendors.find((each) => each.vendor === vendor)!
  const { value } = plugin.options['~standard'].validate(vendor.options('http://127.0.0.1:9')) as {
    value: unknown
  }
  const { supports = {} } = plugin.create(value)
  const traits = { tools: supports.tools !== false, images: supports.images !== false }
  const logged: object[] = []
  const log = { error: (facts: object, message: string) => void logged.push({ ...facts, message }) }
  await using stage = await openVendorStage(plugin, vendor, {
    createGateway: (config, options) => createGateway(config, { ...options, log }),
  })
  const problems = await stage.converse({ model: vendor.models.chat!, seed, count, traits })
  expect({ problems, logged: logged.slice(0, 3) }).toEqual({ problems: [], logged: [] })
}

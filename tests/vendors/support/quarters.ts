import type { SimulatedVendor } from '@llmproxy/provider-kit/testing'
import { vendors } from './vendors.ts'

const names = ['first', 'second', 'third', 'fourth'] as const

/** Every fourth vendor, for tests that take long: their files run beside each other. */
export function quarter(name: (typeof names)[number]): SimulatedVendor[] {
  const position = names.indexOf(name)
  return vendors.map(({ vendor }) => vendor).filter((_, index) => index % names.length === position)
}

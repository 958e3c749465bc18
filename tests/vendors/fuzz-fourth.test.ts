import { expect, test } from 'vitest'
import { fuzz } from './support/fuzz.ts'
import { quarter } from './support/quarters.ts'

test.each(quarter('fourth').map((vendor) => [vendor.type, vendor] as const))(
  '%s refuses none of 2,000 generated conversations, and answers all',
  async (_type, vendor) => {
    await fuzz(vendor, 20_261_126)
    expect.hasAssertions()
  },
  120_000,
)

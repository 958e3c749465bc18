import { expect, test } from 'vitest'
import { markUsable, startUptime, uptimePercent } from './uptime.ts'

test('uptime is the share of time with a usable provider', () => {
  let uptime = startUptime(1_000, true)
  expect(uptimePercent(uptime, 1_000)).toBe('100.00%')
  uptime = markUsable(uptime, false, 9_000)
  uptime = markUsable(uptime, false, 9_500)
  uptime = markUsable(uptime, true, 10_000)
  expect(uptimePercent(uptime, 11_000)).toBe('90.00%')
  expect(uptimePercent(startUptime(0, false), 10)).toBe('0.00%')
})

test('100% means never without', () => {
  const uptime = markUsable(markUsable(startUptime(0, true), false, 5_000_000), true, 5_000_001)
  expect(uptimePercent(uptime, 10_000_000)).toBe('99.99%')
})

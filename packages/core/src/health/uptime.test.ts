import { expect, test } from 'vitest'
import { markUsable, startUptime, uptimePercent } from './uptime.ts'

test('uptime is the share of time with a usable provider', () => {
  let uptime = startUptime(1_000, 1_000)
  expect(uptimePercent(uptime, 1_000)).toBe('100.00%')
  uptime = markUsable(uptime, Infinity, 9_000)
  uptime = markUsable(uptime, Infinity, 9_500)
  uptime = markUsable(uptime, 10_000, 10_000)
  expect(uptimePercent(uptime, 11_000)).toBe('90.00%')
  expect(uptimePercent(startUptime(0, Infinity), 10)).toBe('0.00%')
  expect(uptimePercent(startUptime(0, Infinity), 0)).toBe('0.00%')
})

test('100% means never without', () => {
  const uptime = markUsable(markUsable(startUptime(0, 0), Infinity, 5_000_000), 5_000_001, 5_000_001)
  expect(uptimePercent(uptime, 10_000_000)).toBe('99.99%')
})

test('what becomes usable again by time alone counts from then on, though nobody looked', () => {
  let uptime = markUsable(startUptime(0, 0), 2_000, 1_000)
  expect(uptimePercent(uptime, 2_000)).toBe('50.00%')
  expect(uptimePercent(uptime, 10_000)).toBe('90.00%')
  uptime = markUsable(uptime, Infinity, 4_000)
  expect(uptimePercent(uptime, 10_000)).toBe('30.00%')
  uptime = markUsable(uptime, 12_000, 10_000)
  uptime = markUsable(uptime, 20_000, 10_000)
  expect(uptimePercent(uptime, 30_000)).toBe('43.33%')
})

test('as long as nothing changes, nothing is made', () => {
  const uptime = startUptime(0, 0)
  expect(markUsable(uptime, 500, 500)).toBe(uptime)
})

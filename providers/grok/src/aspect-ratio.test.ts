import { expect, test } from 'vitest'
import { nearestRatio, sizeOf } from './aspect-ratio.ts'

test.each<[string, string | undefined]>([
  ['1024x1024', '1:1'],
  ['1536x1024', '3:2'],
  ['1024x1536', '2:3'],
  ['1792x1024', '16:9'],
  ['1024x1792', '9:16'],
  ['1000x760', '4:3'],
  ['760x1000', '3:4'],
  ['99999x1', '16:9'],
  ['auto', undefined],
  ['0x5', undefined],
  ['10x', undefined],
])('%s comes nearest to %s', (size, expected) => {
  const read = sizeOf(size)
  expect(read && nearestRatio(read)).toBe(expected)
})

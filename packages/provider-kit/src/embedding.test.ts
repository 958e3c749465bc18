import { expect, test } from 'vitest'
import { fromBase64, toBase64 } from './embedding.ts'

test('a vector is little-endian 32-bit floats', () => {
  expect(toBase64([1])).toBe('AACAPw==')
  expect(toBase64([])).toBe('')
  expect(fromBase64('AACAPwAAAMA=')).toEqual([1, -2])
})

test('what 32 bits can hold survives the round trip', () => {
  const vector = [
    0,
    -0,
    0.5,
    -1.25,
    3.4028234663852886e38,
    1.401298464324817e-45,
    ...new Float32Array([0.1, -0.02]),
  ]
  expect(fromBase64(toBase64(vector))).toEqual(vector)
})

test('half a float is refused', () => {
  expect(() => fromBase64('AACA')).toThrow('an embedding of 3 bytes is not a list of 32-bit floats')
})

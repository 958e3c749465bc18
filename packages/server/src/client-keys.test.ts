import { Secret } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { callerOf, clientKeys } from './client-keys.ts'

const text = 'a-long-key-of-a-client-0123456789'
const keys = clientKeys([
  { key: new Secret(text), name: 'first' },
  ...Array.from({ length: 50 }, (_, index) => new Secret(`${text}-${index}`)),
])

test('the owner of a key is found by the whole key', () => {
  expect(callerOf(keys, [text])).toBe('first')
  expect(callerOf(keys, ['wrong', text])).toBe('first')
  expect(callerOf(keys, [`${text}-7`])).toMatch(/^key-[0-9a-f]{12}$/)
  for (const wrong of ['', text.slice(0, -1), `${text} `, text.toUpperCase(), `${text}-50`]) {
    expect(callerOf(keys, [wrong])).toBeUndefined()
  }
})

test('every key is compared with every candidate, however close it was, so that the time tells nothing', () => {
  let compared = 0
  const watched = keys.map(({ caller, digest }) => ({
    caller,
    get digest() {
      compared++
      return digest
    },
  }))
  for (const guess of [text, `${text}-0`, `${text}-49`, text.slice(0, -1), 'z'.repeat(text.length), '']) {
    compared = 0
    callerOf(watched, [guess, 'another'])
    expect(compared).toBe(keys.length * 2)
  }
})

test('only digests are kept', () => {
  expect(JSON.stringify(keys)).not.toContain(text)
})

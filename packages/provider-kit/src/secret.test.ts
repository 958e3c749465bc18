import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret } from './secret.ts'

const key = 'top-secret-0123456789'

describe('a secret', () => {
  const secret = new Secret(key)

  test('gives its value only when asked', () => {
    expect(secret.reveal()).toBe(key)
  })

  test.each<[string, string]>([
    ['text', String(secret)],
    ['JSON', JSON.stringify({ secret })],
    ['inspect', inspect({ secret }, { depth: 9, showHidden: true })],
    ['an error', String(new Error(`bad key ${String(secret)}`))],
  ])('prints [redacted] in %s', (_, text) => {
    expect(text).toContain('[redacted]')
    expect(text).not.toContain(key)
  })

  test('has no enumerable members', () => {
    expect(Object.keys(secret)).toEqual([])
  })

  test('is recognised by its brand, also from another copy of this package', () => {
    const foreign = { reveal: () => key, [Symbol.for('llmproxy.Secret')]: true }
    expect([secret, foreign, key, null, {}].map((value) => Secret.is(value))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ])
  })
})

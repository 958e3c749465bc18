import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { beginningOf } from './beginning-of.ts'
import { charSizer } from './sizer.ts'

test('what is short enough stays, and what is not loses its end', () => {
  expect(beginningOf('A few words.', 3, charSizer)).toBe('A few words.')
  const kept = beginningOf('word '.repeat(10_000), 100, charSizer)
  expect(kept).toBe('word '.repeat(10_000).slice(0, kept.length))
  expect(kept.length).toBeGreaterThan(350)
})

test('whatever it is made of', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', ' ', '世', '😀'), maxLength: 500 }),
      fc.nat(50),
      (text, most) => {
        const kept = beginningOf(text, most, charSizer)
        expect(text.startsWith(kept)).toBe(true)
        expect(kept.isWellFormed()).toBe(true)
        expect(charSizer.tokens(kept)).toBeLessThanOrEqual(most)
      },
    ),
  )
})

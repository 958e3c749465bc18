import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { middleCut } from './middle-cut.ts'
import { charSizer, scaled, type Sizer } from './sizer.ts'

/** Counts as tokenizers do: not in proportion to the length. */
const words: Sizer = { tokens: (text) => text.split(/\s+/).length, exact: true }

const mark = /^([^]*)\n\[… (\d+) characters left out …\]\n([^]*)$/

describe('a text that is cut in the middle', () => {
  test('keeps its beginning and its end, and says how much is missing', () => {
    const text = `${'a'.repeat(1_000)}${'b'.repeat(1_000)}`
    expect(middleCut(text, 100, charSizer)).toBe(
      `${'a'.repeat(180)}\n[… 1640 characters left out …]\n${'b'.repeat(180)}`,
    )
  })

  test('is the text itself where there is room for it', () => {
    expect(middleCut('short', 2, charSizer)).toBe('short')
    expect(middleCut('', 0, charSizer)).toBe('')
  })

  test('is the mark alone where there is no room for more, unless the text is no longer than that', () => {
    expect(middleCut('x'.repeat(999), 3, charSizer)).toBe('[… 999 characters left out …]')
    expect(middleCut('x'.repeat(999), -5, charSizer)).toBe('[… 999 characters left out …]')
    expect(middleCut('x'.repeat(20), 3, charSizer)).toBe('x'.repeat(20))
  })

  test('tells of everything that is missing when it is cut again', () => {
    const [, head, count, tail] =
      mark.exec(middleCut(middleCut('a'.repeat(5_000), 400, charSizer), 100, charSizer)) ?? []
    expect(`${head}${tail}`).toMatch(/^a+$/)
    expect(head!.length + Number(count) + tail!.length).toBe(5_000)
  })

  test('has no more tokens than it may, loses exactly what it says, and no half of a character', () => {
    const letter = fc.constantFrom('a', 'é', '界', '😀', ' ', '\n', '"')
    const text = fc.string({ unit: letter, minLength: 50, maxLength: 900, size: 'max' })
    const sizers = fc.constantFrom(charSizer, words, scaled(charSizer, 3.7))
    let cuts = 0
    fc.assert(
      fc.property(text, fc.integer({ min: 0, max: 300 }), sizers, (whole, most, sizer) => {
        const cut = middleCut(whole, most, sizer)
        expect(sizer.tokens(cut)).toBeLessThanOrEqual(Math.max(most, sizer.tokens(whole)))
        const [, head, count, tail] = mark.exec(cut) ?? []
        if (head === undefined || tail === undefined) return
        cuts += 1
        expect(sizer.tokens(cut)).toBeLessThanOrEqual(most)
        expect(whole.startsWith(head) && whole.endsWith(tail)).toBe(true)
        expect(head.length + Number(count) + tail.length).toBe(whole.length)
        expect(cut.isWellFormed()).toBe(true)
      }),
    )
    expect(cuts).toBeGreaterThan(10)
  })

  test('is found in a few steps, since tokenizers take their time', () => {
    let count = 0
    const sparse: Sizer = { tokens: (text) => ((count += 1), text.length > 40 ? 11 : 1), exact: true }
    expect(middleCut(' '.repeat(1_000_000), 10, sparse)).toBe('[… 1000000 characters left out …]')
    expect(count).toBeLessThan(15)
  })

  test('of ten million characters is cut at once', () => {
    expect(middleCut('😀'.repeat(5_000_000), 50, charSizer).length).toBeLessThan(200)
  })
})

import { array, assert, constantFrom, property } from 'fast-check'
import { expect, test } from 'vitest'
import { charSizer, scaled, tokenizerSizer } from './sizer.ts'

/** A toy tokenizer: a token for each word with the space in front of it, and one for every four characters of long ones. */
function words(text: string): number {
  return [...text.matchAll(/ ?\S+|\s+/g)].reduce((sum, [word]) => sum + Math.ceil(word.length / 8), 0)
}

function watched() {
  const pieces: string[] = []
  const sizer = tokenizerSizer((piece) => {
    pieces.push(piece)
    return words(piece)
  })
  return { sizer, pieces, counted: () => pieces.reduce((sum, { length }) => sum + length, 0) }
}

/** Words of 1 to 12 letters, the same ones for the same seed. */
function prose(characters: number, seed = 1): string {
  let state = seed
  let text = ''
  while (text.length < characters) {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    text += `${'abcdefghijkl'.slice(0, 1 + ((state >>> 16) % 12))} `
  }
  return text.slice(0, characters)
}

test('without a tokenizer four bytes of UTF-8 are a token, a part of one is one', () => {
  expect(['', 'a', 'abcd', 'abcde', '字', '字字'].map((text) => charSizer.tokens(text))).toEqual([
    0, 1, 1, 2, 1, 2,
  ])
  expect(charSizer.exact).toBe(false)
})

test('a factor is applied to every text, and one that makes no sense to none', () => {
  const sizer = scaled(charSizer, 1.5)
  expect([sizer.tokens('abcdefgh'), sizer.tokens('a'), sizer.exact]).toEqual([3, 2, false])
  expect(scaled(tokenizerSizer(words), 2).exact).toBe(true)
  for (const factor of [Number.NaN, 0, -1, Infinity]) expect(scaled(charSizer, factor)).toBe(charSizer)
})

test('up to 16,384 characters of a request are counted whole, in pieces of at most 512, cut in front of words', () => {
  const { sizer, pieces } = watched()
  const text = prose(16_000)
  expect(sizer.tokens(text)).toBe(words(text))
  expect(sizer.tokens('four words of it')).toBe(4)
  expect(pieces.slice(0, -1).join('')).toBe(text)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThanOrEqual(512)
})

test('of a long text no more than 16,384 characters are counted, and its size is right within 3 %', () => {
  for (const text of [prose(1_000_000), 'x'.repeat(300_000), `${prose(50_000)}${'字'.repeat(50_000)}`]) {
    const { sizer, counted } = watched()
    const parts = Array.from({ length: text.length / 500 }, (_, index) =>
      text.slice(index * 500, index * 500 + 500),
    )
    const actual = parts.reduce((sum, part) => sum + words(part), 0)
    expect(Math.abs(sizer.tokens(text) / actual - 1)).toBeLessThan(0.03)
    expect(counted()).toBeLessThanOrEqual(16_384)
  }
})

test.each([20, 700, 3_000, 12_000, 40_000])(
  'a megabyte of messages of %i characters is sampled to its end, for 88 KiB',
  (length) => {
    const { sizer, counted } = watched()
    const whole = prose(1_000_000, 7)
    const dense = '字'.repeat(length)
    let [estimate, actual] = [0, 0]
    for (let start = 0; start < whole.length; start += length) {
      // The second half is another language, with no spaces: what was counted at the beginning must not stand for it.
      const message = start < whole.length / 2 ? whole.slice(start, start + length) : `${dense}${start}`
      estimate += sizer.tokens(message)
      actual += words(message)
    }
    expect(Math.abs(estimate / actual - 1)).toBeLessThan(0.1)
    expect(counted()).toBeLessThan(88 * 1024)
  },
)

test('sixteen megabytes cost hardly more than two', () => {
  const { sizer, counted } = watched()
  for (let index = 0; index < 800; index++) sizer.tokens(`${index} `.repeat(5_000).slice(0, 20_000))
  expect(counted()).toBeLessThan(160 * 1024)
})

test('a table is not sampled in the same column again and again', () => {
  const { sizer } = watched()
  // 128 samples in 128 rows.
  const text = `${'a b '.repeat(32)}${'x'.repeat(3_968)}`.repeat(128)
  expect(Math.abs(sizer.tokens(text) / words(text) - 1)).toBeLessThan(0.3)
})

test('a text that comes late is sampled well enough to be cut by its size', () => {
  const { sizer } = watched()
  sizer.tokens(prose(1_000_000))
  for (let seed = 2; seed < 8; seed++) {
    const text = prose(60_000, seed)
    expect(Math.abs(sizer.tokens(text) / words(text) - 1)).toBeLessThan(0.05)
  }
})

test('the same text has the same size, and is counted once', () => {
  const { sizer, counted } = watched()
  const text = prose(100_000)
  const first = sizer.tokens(text)
  const before = counted()
  sizer.tokens(prose(200_000, 3))
  const after = counted()
  expect(after).toBeGreaterThan(before)
  expect([sizer.tokens(text), counted()]).toEqual([first, after])
})

test('no piece begins or ends inside of a character, and every size is a whole number', () => {
  const unit = constantFrom('a', ' ', 'é', '字', '😀', '👍🏽', '\n', ' word')
  assert(
    property(array(array(unit, { maxLength: 60 }), { maxLength: 30 }), (texts) => {
      const { sizer, pieces } = watched()
      for (const text of texts) {
        const size = sizer.tokens(text.join('').repeat(50))
        expect(Number.isSafeInteger(size) && size >= 0).toBe(true)
      }
      expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
    }),
    { numRuns: 20 },
  )
})

test('a text of emoji alone is cut between them', () => {
  const { sizer, pieces } = watched()
  sizer.tokens('a' + '😀'.repeat(60_000))
  expect(pieces.length).toBeGreaterThan(50)
  expect(pieces.every((piece) => piece.isWellFormed())).toBe(true)
})

test('what the tokenizer throws is thrown', () => {
  const broken = tokenizerSizer(() => {
    throw new Error('broken')
  })
  expect(() => broken.tokens('text')).toThrow('broken')
  expect(broken.tokens('')).toBe(0)
})

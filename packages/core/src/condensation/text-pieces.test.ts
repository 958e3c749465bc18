import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { piecesOf } from './text-pieces.ts'

const characters = (piece: string) => piece.length

function cut(text: string, room: number, most = Infinity): readonly string[] | undefined {
  return piecesOf(text, { size: characters, room, most })
}

const head = /^<turn \d+ [^>]*, continued>\n/

test('a text that fits is one piece, an empty one too', () => {
  expect(cut('abc', 3)).toEqual(['abc'])
  expect(cut('', 3)).toEqual([''])
})

test('cuts where a turn begins, if the piece is half full there', () => {
  const turns = [
    '<turn 1 user>\naaaaaaaaaaaaaaaaaaaaaaa\n',
    '<turn 2 assistant>\nbb\n',
    '<turn 3 user>\ncccc',
  ]
  expect(cut(turns.join(''), 60)).toEqual([turns[0], turns[1]! + turns[2]!])
})

test('else between lines, else between words, else anywhere', () => {
  expect(cut(`${'a b '.repeat(22)}\n${'c d '.repeat(20)}`, 100)![0]).toBe(`${'a b '.repeat(22)}\n`)
  expect(cut('word '.repeat(50), 99)![0]).toBe('word '.repeat(19))
  expect(cut('a'.repeat(150), 100)!.every((piece) => /^a{40,100}$/.test(piece))).toBe(true)
})

test('a piece that begins within a turn says whose it is, and is cut again like any other', () => {
  const text = `<turn 1 user>\nHi\n<turn 2 result of search#1>\n${'x'.repeat(500)}`
  const pieces = cut(text, 200)!
  expect(pieces.length).toBeGreaterThan(2)
  expect(pieces[0]!.startsWith('<turn 1 user>\nHi\n<turn 2 result of search#1>\nx')).toBe(true)
  const second = /^<turn 2 result of search#1, continued>\nx+$/
  expect(pieces.slice(1).every((piece) => second.test(piece))).toBe(true)
  expect(cut(pieces[1]!, 100)!.every((piece) => second.test(piece))).toBe(true)
})

test('a text without turns is cut without a word', () => {
  expect(cut(`a <turn 1 user> ${'b'.repeat(200)}`, 100)!.join('')).toBe(`a <turn 1 user> ${'b'.repeat(200)}`)
  expect(cut(`<turn ${'b'.repeat(2000)}>${'c'.repeat(2000)}`, 1000)!.join('')).not.toContain('continued')
})

test('there is an end to it: too many pieces, no room, or no room beside the head', () => {
  expect(cut('a'.repeat(380), 100, 4)).toBeDefined()
  expect(cut('a'.repeat(395), 100, 4)).toBeUndefined()
  expect(cut('a'.repeat(800), 100, 4)).toBeUndefined()
  expect(cut('a', 100, 0)).toBeUndefined()
  expect(cut('a', 100, -1)).toBeUndefined()
  expect(cut('abc', 0)).toBeUndefined()
  expect(cut(`<turn 1 user>\n${'a'.repeat(99)}`, 20)).toBeUndefined()
  expect(cut('😀😀', 1)).toBeUndefined()
})

test('measures a text a few times for each piece, and hardly at all when there is no hope', () => {
  let measured = 0
  const size = (piece: string) => {
    measured += 1
    return Buffer.byteLength(piece)
  }
  const text = `${'a'.repeat(300_000)}${'世'.repeat(100_000)}\n`.repeat(2)
  const pieces = piecesOf(text, { size, room: 100_000, most: 24 })!
  expect(pieces.length).toBeLessThanOrEqual(15)
  expect(measured).toBeLessThan(pieces.length * 6)
  measured = 0
  expect(piecesOf(text, { size, room: 40_000, most: 24 })).toBeUndefined()
  expect(measured).toBe(2)
})

const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 60 }),
      fc.constantFrom(
        '\n',
        ' ',
        '😀😀😀',
        '\n<turn 7 user>\n',
        '<turn 8 assistant calls f#1>\n',
        '\ud83d',
        '\ude00',
      ),
    ),
    { minLength: 30, maxLength: 80, size: 'max' },
  )
  .map((parts) => parts.join(''))

/** Sizes that are not the sums of those of the parts, as with tokenizers that take samples. */
const sizes = fc.constantFrom<(piece: string) => number>(
  characters,
  (piece) => Math.ceil(Buffer.byteLength(piece) / 4),
  (piece) => 40 + Math.ceil((piece.length * (8 + (piece.length % 5))) / 10),
)

test('whatever the text: all of it is there in order, every piece fits, and no character is cut', () => {
  let cuts = 0
  fc.assert(
    fc.property(texts, sizes, fc.integer({ min: 60, max: 400 }), (text, size, room) => {
      const pieces = piecesOf(text, { size, room, most: 500 })
      if (pieces === undefined) return
      cuts += pieces.length - 1
      const own = pieces.map((piece, at) => (at === 0 ? piece : piece.replace(head, '')))
      expect(own.join('')).toBe(text)
      expect(pieces.every((piece) => size(piece) <= room)).toBe(true)
      expect(
        own.some(
          (piece, at) => at > 0 && /^[\udc00-\udfff]/.test(piece) && /[\ud800-\udbff]$/.test(own[at - 1]!),
        ),
      ).toBe(false)
    }),
    { numRuns: 500 },
  )
  expect(cuts).toBeGreaterThan(500)
})

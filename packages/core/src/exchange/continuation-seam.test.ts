import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { Seam, splitText } from './continuation-seam.ts'

/** Texts in which seams are hard: white space in runs, characters of two units, marks that join to what stands before. */
const hard = fc
  .array(
    fc.constantFrom(
      ' ',
      '\n',
      '\t',
      '\u00a0',
      '\u2028',
      'a',
      'b',
      '"',
      '\\',
      'e\u0301',
      '😀',
      '👩‍👧',
      '世',
      '\ufeff',
    ),
  )
  .map((parts) => parts.join(''))

/** The text in pieces that end anywhere, in the middle of a character too. */
function cutAt(text: string, cuts: readonly number[]): string[] {
  const bounds = [0, ...cuts.map((cut) => cut % (text.length + 1)).toSorted((a, b) => a - b), text.length]
  return bounds.slice(1).map((end, at) => text.slice(bounds[at], end))
}

test('whatever the text, the place of the cut and the pieces of the continuation: no character is lost or doubled', () => {
  fc.assert(
    fc.property(hard, fc.nat(), fc.array(fc.nat()), (text, at, cuts) => {
      const given = text.slice(0, at % (text.length + 1))
      const { prefill, tail } = splitText(given)
      expect(prefill + tail).toBe(given)
      expect(prefill).toBe(prefill.trimEnd())
      expect(prefill.isWellFormed()).toBe(true)
      const seam = new Seam(tail)
      const joined = cutAt(text.slice(prefill.length), cuts).map((piece) => seam.join(piece))
      expect(given + joined.join('')).toBe(text)
    }),
    { numRuns: 2000 },
  )
})

test('a model that begins with a word of its own loses nothing of it', () => {
  fc.assert(
    fc.property(hard, fc.constantFrom('x', '.', '\u0000'), hard, (given, first, rest) => {
      const seam = new Seam(splitText(given).tail)
      expect(seam.join(first) + seam.join(rest)).toBe(first + rest)
    }),
    { numRuns: 500 },
  )
})

test.each([
  { given: 'Hello ', said: [' world'], joined: 'world' },
  { given: 'Hello ', said: ['world'], joined: 'world' },
  { given: 'Hello', said: [' ', 'world'], joined: ' world' },
  { given: 'One.\n', said: ['\n\nTwo'], joined: '\nTwo' },
  { given: 'One.\n\n', said: ['\n', '', '\n', 'Two'], joined: 'Two' },
  { given: 'One.\n\n', said: ['\nTwo\n\n'], joined: 'Two\n\n' },
  { given: 'One. ', said: ['\nTwo'], joined: '\nTwo' },
  { given: 'One ', said: [' ', ' two'], joined: ' two' },
  { given: ' \n', said: [' \nOne'], joined: 'One' },
  { given: 'Oh \ud83d', said: [' 😀!'], joined: '\ude00!' },
  { given: 'Oh \ud83d', said: [' \ud83d', '\ude00!'], joined: '\ude00!' },
])('after $given the model says $said: the client gets $joined', ({ given, said, joined }) => {
  const seam = new Seam(splitText(given).tail)
  expect(said.map((piece) => seam.join(piece)).join('')).toBe(joined)
})

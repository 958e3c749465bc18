import { expect, test } from 'vitest'
import { HeldTexts, longestText } from './held-texts.ts'

test('there is room for as many texts as fit, and again when one is let go of, once', () => {
  const texts = new HeldTexts()
  const letGo = ['a', 'a', 'b', 'c'].map((caller) => texts.hold(caller, longestText))
  expect(letGo.every((each) => each !== undefined)).toBe(true)
  expect(texts.hold('d', 1)).toBeUndefined()
  expect(texts.hold('d', 0)).toBeDefined()
  letGo[2]?.()
  letGo[2]?.()
  expect(texts.hold('d', longestText)).toBeDefined()
  expect(texts.hold('d', 1)).toBeUndefined()
})

test('one caller leaves room for others', () => {
  const texts = new HeldTexts()
  const letGo = texts.hold('a', longestText)
  expect(texts.hold('a', longestText)).toBeDefined()
  expect(texts.hold('a', 1)).toBeUndefined()
  expect(texts.hold('b', longestText)).toBeDefined()
  letGo?.()
  expect(texts.hold('a', longestText)).toBeDefined()
})

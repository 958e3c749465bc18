import { expect, test } from 'vitest'
import { HeldTexts, longestText } from './held-texts.ts'

test('there is room for as many texts as fit, and again when one is let go of, once', () => {
  const texts = new HeldTexts()
  const letGo = Array.from({ length: 4 }, () => texts.hold(longestText))
  expect(letGo.every((each) => each !== undefined)).toBe(true)
  expect(texts.hold(1)).toBeUndefined()
  expect(texts.hold(0)).toBeDefined()
  letGo[0]?.()
  letGo[0]?.()
  expect(texts.hold(longestText)).toBeDefined()
  expect(texts.hold(1)).toBeUndefined()
})

import { expect, test } from 'vitest'
import { modelFamily, modelPath } from './model-family.ts'

test.each([
  ['gemini-3-pro-preview', 'level', true],
  ['gemini-3.1-flash', 'level', true],
  ['gemini-10', 'level', true],
  ['gemini-flash-latest', 'level', true],
  ['gemini-flash-lite-latest', 'level', true],
  ['gemini-2.5-pro', 'budget', false],
  ['gemini-2.5-flash-lite', 'budget', false],
  ['gemini-2.0-flash', 'none', false],
  ['gemini-1.5-pro', 'none', false],
  ['gemini-3x', 'none', false],
  ['gemma-3-27b-it', 'none', false],
  ['my-gemini-3', 'none', false],
])('%s: thinking by %s, signed calls and full schemas: %j', (model, thinking, newest) => {
  expect(modelFamily(model)).toMatchObject({ thinking, signedCalls: newest, jsonSchema: newest })
})

test('thinking can be switched off where the vendor says so', () => {
  const skipping = ['gemini-2.5-flash', 'gemini-2.5-pro', 'gemini-3-pro-preview'].filter(
    (model) => modelFamily(model).canSkipThinking,
  )
  expect(skipping).toEqual(['gemini-2.5-flash'])
})

test('a model id cannot leave its place in the path', () => {
  expect(modelPath('models/../../v1/x?y#z', 'generateContent')).toBe(
    '/models/..%2F..%2Fv1%2Fx%3Fy%23z:generateContent',
  )
})

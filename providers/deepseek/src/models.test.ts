import { expect, test } from 'vitest'
import { modelTraits } from './models.ts'

test.each([
  ['deepseek-chat', false, false],
  ['deepseek-v3.2', false, false],
  ['deepseek-reasoner', true, false],
  ['deepseek-r1-0528', true, false],
  ['deepseek-ai/DeepSeek-R1', true, false],
  ['deepseek-v4', false, true],
  ['DeepSeek-V4-Flash', false, true],
  ['deepseek-v10', false, true],
  ['my-model', false, false],
  ['super1-v40', false, true],
])('%s always reasons: %s, reasons when told so: %s', (model, reasoner, thinking) => {
  expect(modelTraits(model)).toEqual({ reasoner, thinking })
})

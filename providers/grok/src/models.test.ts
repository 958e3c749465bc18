import { expect, test } from 'vitest'
import { effortFor, isReasoningModel } from './models.ts'

test.each([
  'grok-3-mini',
  'grok-3-mini-fast',
  'grok-4',
  'grok-4-0709',
  'grok-4-fast-reasoning',
  'grok-4.3',
  'grok-4.20-reasoning',
  'grok-10',
])('%s reasons', (model) => {
  expect(isReasoningModel(model)).toBe(true)
})

test.each([
  'grok-beta',
  'grok-2-1212',
  'grok-3',
  'grok-3-fast',
  'grok-4-fast-non-reasoning',
  'grok-4.20-non-reasoning-0309',
  'x',
])('%s does not', (model) => {
  expect(isReasoningModel(model)).toBe(false)
})

test.each<[string, unknown, string | undefined]>([
  ['grok-3-mini', 'low', 'low'],
  ['grok-3-mini', 'minimal', 'low'],
  ['grok-3-mini', 'max', 'high'],
  ['grok-3-mini', 'xhigh', 'high'],
  ['grok-3-mini', 'none', undefined],
  ['grok-4-0709', 'none', undefined],
  ['grok-4.3', 'none', 'none'],
  ['grok-4.3', 'xhigh', 'high'],
  ['grok-4.6', 'xhigh', 'xhigh'],
  ['grok-5', 'none', 'none'],
  ['grok-5', 'xhigh', 'xhigh'],
  ['grok-4.20-reasoning', 'high', undefined],
  ['grok-4.20-non-reasoning-0309', 'none', undefined],
  ['grok-3', 'high', undefined],
  ['grok-4.3', 'much', undefined],
  ['grok-4.3', 7, undefined],
])('%s told %s is sent %s', (model, effort, expected) => {
  expect(effortFor(effort, model)).toBe(expected)
})

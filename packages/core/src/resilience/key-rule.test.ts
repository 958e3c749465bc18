import type { FaultKind } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { isRefusal, keyRule } from './fault-table.ts'

const rows: readonly (readonly [FaultKind, number | undefined, string])[] = [
  ['authentication', 401, 'retire'],
  ['authentication', undefined, 'retire'],
  // Vendors that tell of a wrong key with 400.
  ['authentication', 400, 'retire'],
  ['authentication', 403, 'refuse'],
  ['quota_exhausted', 402, 'retire'],
  ['quota_exhausted', 403, 'retire'],
  ['quota_exhausted', 429, 'rest'],
  ['quota_exhausted', undefined, 'rest'],
  ['rate_limit', 429, 'rest'],
  ['model_not_found', 403, 'none'],
  ['content_filter', 403, 'none'],
  ['invalid_request', 401, 'none'],
  ['overloaded', 529, 'none'],
  ['upstream', 500, 'none'],
  ['network', undefined, 'none'],
  ['cancelled', undefined, 'none'],
]

test.each(rows)('%s with status %s: %s', (kind, status, rule) => {
  const fault = { kind, message: '', ...(status !== undefined && { status }) }
  expect(keyRule(fault)).toBe(rule)
  expect(isRefusal(fault)).toBe(rule === 'retire' || rule === 'refuse')
})

test('what a plugin threw by mistake is no refusal of its key', () => {
  expect(keyRule({ kind: 'authentication', message: '', thrown: new TypeError('x is undefined') })).toBe(
    'none',
  )
})

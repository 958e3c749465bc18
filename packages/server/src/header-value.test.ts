import { validateHeaderValue } from 'node:http'
import { expect, test } from 'vitest'
import { headerValue } from './header-value.ts'

test('ordinary text stays as it is', () => {
  expect(headerValue('vendor/model-1.5 (50%)')).toBe('vendor/model-1.5 (50%)')
})

test.each(['a\r\nset-cookie: x=1', 'tab\tbed', 'ünïcode', '模型', '\0', '\ud800 lone', 'x'.repeat(65_536)])(
  'what could break a header cannot: %j',
  (text) => {
    const value = headerValue(text)
    expect(() => validateHeaderValue('x-test', value)).not.toThrow()
    expect(value).not.toMatch(/[\r\n]/)
    expect(value.length).toBeLessThanOrEqual(2048)
  },
)

import { describe, expect, test } from 'vitest'
import { cohereFault } from './fault.ts'

function failed(status: number, message: string) {
  const body = { id: 'r1', message }
  return cohereFault({ status, headers: {}, body, text: JSON.stringify(body), inBand: false })
}

describe('cohereFault()', () => {
  const prompt = 'a prompt of the client that is nobody else’s business, not even in a log'

  test.each([
    `invalid request: cannot parse "${prompt}"`,
    `invalid request: cannot parse '${prompt}' here`,
    `invalid request: cannot parse \`${prompt}\``,
    `invalid request: cannot parse "${prompt}${' and more'.repeat(400)}"`,
    `invalid request: cannot parse "${prompt}${' and "more"'.repeat(60)} to the end"`,
    `invalid request: cannot parse "${prompt}`,
  ])('does not repeat a prompt: %s', (message) => {
    const fault = failed(400, message)
    expect(fault.kind).toBe('invalid_request')
    expect(fault.message).toContain('cannot parse')
    expect(fault.message).not.toContain('business')
  })

  test('keeps short quotes and apostrophes, and cuts long messages', () => {
    const told =
      "model 'xyz' not found, make sure that you don't forget what you can't do without its correct name."
    expect(failed(404, told).message).toBe(told)
    expect(failed(400, `invalid request: ${'word '.repeat(300)}`).message.length).toBeLessThanOrEqual(400)
  })

  test('a monthly limit is a quota, a limit per minute is not', () => {
    expect(failed(429, 'limited to 1000 API calls / month').kind).toBe('quota_exhausted')
    expect(failed(429, 'Your monthly limit is reached').kind).toBe('quota_exhausted')
    expect(failed(429, 'limited to 40 API calls / minute').kind).toBe('rate_limit')
  })
})

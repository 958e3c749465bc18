import type { Simulator } from '@llmproxy/provider-kit/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Refusal } from './support/refusing-front.ts'
import { type RefusingVendor, type RefusingVendors, refusingVendors } from './support/refusing-vendors.ts'
import { nearMisses } from './support/vendor-near-misses.ts'
import { answerTooLong, byKeyword, tooLong } from './support/vendor-refusals.ts'

let all: RefusingVendors
beforeAll(async () => {
  all = await refusingVendors({
    error_keywords: ['custom_error', 'reduce your message size'],
    // Each vendor is asked for its own summary, so that its simulator sees it.
    same_provider: true,
    cache_ttl: 0,
    calls_per_minute: null,
  })
})
afterAll(() => all[Symbol.asyncDispose]())

const turns = ['the harbour', 'the lighthouse', 'the ferry'].flatMap((place) => [
  { role: 'user', content: `Tell me of ${place}. ${'It is a long story. '.repeat(20)}` },
  { role: 'assistant', content: `Of ${place} there is much to tell. ${'It went on and on. '.repeat(20)}` },
])
const messages = [
  { role: 'system', content: 'You know the coast.' },
  ...turns,
  { role: 'user', content: 'And who lived there?' },
]

function refused(provider: string, refusal: Refusal, times = 1): RefusingVendor {
  const vendor = all.vendors.get(provider)!
  vendor.simulator.reset()
  vendor.front.refuse(refusal, times)
  return vendor
}

describe.each([
  ['says that the prompt is too long', tooLong],
  ['says what a keyword makes of it', byKeyword],
])('a vendor that %s is asked for a summary, then with it', (_, table) => {
  test.each(table)('%s: %s', async (provider, _what, refusal) => {
    const { front, simulator, model } = refused(provider, refusal)
    await condensed('summary', { model, messages })
    expect(front.seen).toHaveLength(3)
    const [, summary, last] = front.seen
    expect(summary).toContain('the lighthouse')
    expect(last).toContain('And who lived there?')
    expect(last).not.toContain('It went on and on.')
    expect(violations(simulator)).toEqual([])
  })
})

describe('a vendor that says that the answer is too long is asked for a shorter one, and else for the same', () => {
  test.each(answerTooLong)('%s: %s', async (provider, _what, refusal, room) => {
    const { front, simulator, model } = refused(provider, refusal)
    await condensed('max_tokens', { model, messages, max_tokens: 5000 })
    expect(front.seen).toHaveLength(2)
    const [before, after] = front.seen
    expect(after).toBe(before!.replace(/("max_(?:completion_)?tokens":)5000\b/, `$1${room}`))
    expect(violations(simulator)).toEqual([])
  })
})

/** Of what was asked of the vendor's models: not every simulator has a list of them. */
function violations(simulator: Simulator): readonly string[] {
  return simulator.violations.filter(({ request }) => request.method === 'POST').map(({ message }) => message)
}

async function condensed(kind: string, body: object): Promise<void> {
  const response = await all.ask(true, body)
  expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"choices"')])
  expect(response.headers.get('x-llmproxy-condensed')).toMatch(new RegExp(`^${kind}; from=\\d+; to=\\d+$`))
}

describe('a vendor that says something else in words that are near', () => {
  test.each(nearMisses)('%s: %s', async (provider, _what, refusal, status, code) => {
    const { front, model } = refused(provider, refusal)
    const response = await all.ask(true, { model, messages })
    const body = await response.json()
    expect([response.status, body]).toMatchObject([status, { error: { code } }])
    expect(response.headers.get('x-llmproxy-condensed')).toBeNull()
    expect(front.seen).toHaveLength(1)
    front.refuse(refusal)
    const plain = await all.ask(false, { model, messages })
    expect([plain.status, await plain.json()]).toEqual([status, body])
  })
})

test('a keyword means nothing where nothing is condensed', async () => {
  for (const [provider, , refusal] of byKeyword) {
    const { front, model } = refused(provider, refusal)
    const response = await all.ask(false, { model, messages })
    expect(await response.text()).not.toContain('context_length_exceeded')
    expect(front.seen).toHaveLength(1)
  }
})

test('a refusal by keyword that nothing helps against is told in the vendor’s words, with the code of a long prompt', async () => {
  const { front, model } = refused(
    'openai',
    { status: 500, body: { error: { message: 'Custom_Error: 7 of 5' } } },
    100,
  )
  const response = await all.ask(true, { model, messages })
  expect([response.status, await response.json()]).toMatchObject([
    400,
    { error: { message: 'Custom_Error: 7 of 5', code: 'context_length_exceeded' } },
  ])
  // The request as it was, one or several for the summary, and half of it.
  expect(front.seen.length).toBeLessThan(6)
})

test('no plugin has thrown anything but faults', () => {
  expect(all.bugs).toEqual([])
})

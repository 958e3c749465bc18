import { conformance, loadFixtures } from '@llmproxy/provider-kit/testing'
import { expect, test } from 'vitest'
import plugin from './src/index.ts'
import { ask } from './test/ask.ts'

const fixtures = await loadFixtures(new URL('./fixtures/', import.meta.url))

// Without the end-to-end checks: they replay an upstream over HTTP, and this provider answers in process.
for (const check of conformance(plugin, fixtures)) test(check.name, check.run)

for (const { name, request, upstream, upstreamRequest } of fixtures.cases) {
  test(`the mock answers fixture ${name} with exactly these bytes`, () => {
    const path = upstreamRequest?.path ?? '/chat/completions'
    const reading = ask(request, { path })
    expect(reading.status).toBe(upstream?.status)
    // Whole answers are laid out for people in the fixture; on the wire they have no spaces.
    const text = upstream?.text ?? ''
    expect(reading.text).toBe(upstream?.sse ? text : JSON.stringify(JSON.parse(text)))
  })
}

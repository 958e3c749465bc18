import { expect, test } from 'vitest'
import { sent } from '../test/subject.ts'
import { modelTraits } from './models.ts'

test.each([
  ['claude-3-haiku-20240307', 4096, 'none', false, true, false],
  ['claude-3-5-sonnet-20241022', 4096, 'none', false, true, false],
  ['claude-3-7-sonnet-latest', 4096, 'budget', false, true, false],
  ['claude-opus-4-20250514', 32_000, 'budget', false, true, false],
  ['claude-sonnet-4-20250514', 64_000, 'budget', false, true, false],
  ['claude-sonnet-4-0', 64_000, 'budget', false, true, false],
  ['claude-opus-4-1-20250805', 32_000, 'budget', false, true, true],
  ['claude-haiku-4-5', 64_000, 'budget', false, true, true],
  ['claude-opus-4-5-20251101', 64_000, 'budget', false, true, true],
  ['claude-opus-4-6', 128_000, 'adaptive', false, false, true],
  ['claude-sonnet-4-6', 128_000, 'adaptive', false, false, true],
  ['claude-opus-4-7', 128_000, 'adaptive', true, false, true],
  ['claude-sonnet-5', 128_000, 'adaptive', true, false, true],
  ['claude-fable-5', 128_000, 'adaptive', true, false, true],
  ['claude-sonnet-4-9', 64_000, 'adaptive', true, false, true],
  ['claude-opus-4-9', 32_000, 'adaptive', true, false, true],
  ['claude-haiku-4-6', 4096, 'adaptive', false, false, true],
  ['claude-haiku-5', 4096, 'adaptive', true, false, true],
  ['claude-opus-9', 4096, 'adaptive', true, false, true],
  ['anthropic/claude-sonnet-4-5@20250929', 64_000, 'budget', false, true, true],
  ['some-other-model', 4096, 'none', false, true, false],
])(
  '%s has an output cap of %i and %s thinking',
  (model, outputCap, thinking, fixedSampling, prefill, structuredOutput) => {
    const { xhighEffort: _, ...traits } = modelTraits(model)
    expect(traits).toEqual({ outputCap, thinking, fixedSampling, prefill, structuredOutput })
  },
)

test('max_tokens comes from the request, then the model’s option, then the option, then the cap', () => {
  const options = { max_tokens: 100, max_tokens_by_model: { 'claude-sonnet-4-5': 200 } }
  expect(sent({ max_completion_tokens: 5, max_tokens: 6 }, options)).toMatchObject({
    body: { max_tokens: 5 },
    dropped: ['max_tokens'],
  })
  expect(sent({ max_tokens: 0 }, options).body.max_tokens).toBe(0)
  expect(sent({}, options).body.max_tokens).toBe(200)
  expect(sent({ model: 'claude-opus-4-5' }, options).body.max_tokens).toBe(100)
  expect(sent({ max_tokens: null }).body.max_tokens).toBe(64_000)
})

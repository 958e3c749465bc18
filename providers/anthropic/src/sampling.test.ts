import { expect, test } from 'vitest'
import { faultOf, sent } from '../test/subject.ts'

const old = 'claude-sonnet-4-5'
const recent = 'claude-opus-4-7'

test.each([
  [old, { temperature: 1.5 }, { temperature: 1 }, ['temperature']],
  [old, { temperature: 0.5, top_p: 0.9 }, { temperature: 0.5 }, ['top_p']],
  [old, { temperature: 0.5, top_p: 1 }, { temperature: 0.5 }, []],
  [old, { top_p: 0.9, top_k: 5 }, { top_p: 0.9, top_k: 5 }, []],
  [old, { temperature: 0, reasoning_effort: 'low', top_k: 3 }, {}, ['temperature', 'top_k']],
  [recent, { temperature: 1, top_p: 1 }, {}, []],
  [recent, { temperature: 0.5, top_p: 0.9, top_k: 5 }, {}, ['temperature', 'top_k', 'top_p']],
  [recent, { top_p: 0.99 }, { top_p: 0.99 }, []],
  [recent, { top_p: 0.99, reasoning_effort: 'low' }, {}, ['top_p']],
  [recent, { temperature: null }, {}, []],
])('%s with %o is sent as %o', (model, given, expected, dropped) => {
  const request = sent({ model, ...given })
  const { temperature, top_p, top_k } = request.body
  expect(JSON.parse(JSON.stringify({ temperature, top_p, top_k }))).toEqual(expected)
  expect(request.dropped).toEqual(dropped)
})

test.each(['temperature', 'top_p', 'top_k', 'max_tokens', 'max_completion_tokens', 'n'])(
  '%s that is not a number is refused by name',
  (name) => {
    expect(faultOf(() => sent({ [name]: 'hot' }))).toMatchObject({ kind: 'invalid_request', param: name })
  },
)

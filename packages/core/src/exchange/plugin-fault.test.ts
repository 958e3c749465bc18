import { faultKinds, ProviderFault } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { carriedFault, pluginFault } from './plugin-fault.ts'

test.each(faultKinds.filter((kind) => kind !== 'cancelled'))(
  'a sound fault of kind %s stays as it is',
  (kind) => {
    const fault = { kind, message: 'm', code: 'c', param: 'p', retryAfterMs: 5, status: 500 }
    expect(pluginFault(fault)).toEqual(fault)
    expect(carriedFault(new ProviderFault(fault))).toEqual(fault)
  },
)

test.each([[undefined], [null], ['text'], [[]], [{}], [{ kind: 'banana' }], [{ kind: 'toString' }]])(
  '%j is no fault: the plugin has a bug, which is told without its values',
  (said) => {
    const fault = pluginFault(said)
    expect(fault.kind).toBe('bad_response')
    expect(fault.thrown).toBeInstanceOf(TypeError)
  },
)

test('members that are not what they should be are left out', () => {
  const said = { kind: 'rate_limit', message: 7, code: 429, param: {}, retryAfterMs: -1, status: '429' }
  expect(pluginFault(said)).toEqual({ kind: 'rate_limit', message: '' })
  expect(pluginFault({ ...said, retryAfterMs: Infinity })).not.toHaveProperty('retryAfterMs')
})

test('a provider cannot say that the client left', () => {
  expect(pluginFault({ kind: 'cancelled', message: 'aborted' })).toEqual({
    kind: 'network',
    message: 'aborted',
  })
})

test('an error that carries no fault is none', () => {
  expect(carriedFault(new Error('x'))).toBeUndefined()
  expect(carriedFault(undefined)).toBeUndefined()
})

test('what a plugin tells of a value of megabytes is cut', () => {
  const value = 'x'.repeat(5_000_000)
  const { message, param } = pluginFault({
    kind: 'invalid_request',
    message: `unknown: ${value}`,
    param: value,
  })
  expect(message).toMatch(/^unknown: x{1000,}…$/)
  expect(message.length).toBe(2000)
  expect(param?.length).toBe(200)
})

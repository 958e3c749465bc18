import { expect, test } from 'vitest'
import { providerHostShape } from '../../core/src/config/schema.ts'
import { hostKeys } from './host-keys.ts'

test('the keys that plugins must leave alone are those of the gateway', () => {
  expect([...hostKeys].sort()).toEqual(Object.keys(providerHostShape).sort())
})

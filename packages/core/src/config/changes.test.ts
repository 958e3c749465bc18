import { expect, test } from 'vitest'
import { configChanges } from './changes.ts'
import { checkConfig } from './read.ts'
import type { GatewayConfig, GatewayConfigInput } from './schema.ts'

const a = { name: 'a', type: 'toy', models: ['m'], api_key: 'canary-one' }
const b = { name: 'b', type: 'toy', models: ['m'] }

function config(input: GatewayConfigInput): GatewayConfig {
  const { config: checked, problems } = checkConfig(input, {})
  if (checked === undefined) throw new Error(JSON.stringify(problems))
  return checked
}

function changes(before: GatewayConfigInput, after: GatewayConfigInput): readonly string[] {
  return configChanges(config(before), config(after))
}

test('the same configuration has no changes, however it is written', () => {
  expect(
    changes({ providers: [a, b] }, { providers: [{ ...a }, { ...b, priority: 1 }], port: 8000 }),
  ).toEqual([])
})

test('keys are named in the order of the schema, those of providers by the name of the provider', () => {
  const after = {
    log_level: 'debug',
    port: 1,
    rate_limits: { chat: 1 },
    providers: [{ ...a, timeout: 1, models: [] }, b],
  }
  expect(changes({ providers: [a, b] }, after)).toEqual([
    'port',
    'rate_limits',
    'log_level',
    'providers.a.models',
    'providers.a.timeout',
  ])
})

test('secrets are compared, and not told', () => {
  const keys = (...keys: string[]) => ({ api_keys: keys, providers: [a] })
  expect(changes(keys('k1'), keys('k1'))).toEqual([])
  const changed = changes(keys('k1'), { ...keys('k2'), providers: [{ ...a, api_key: 'canary-two' }] })
  expect(changed).toEqual(['api_keys', 'providers.a.api_key'])
  const named = (key: string) => ({ api_keys: [{ key, name: 'team' }] })
  expect(changes(named('k1'), named('k2'))).toEqual(['api_keys'])
})

test('providers that come, go or change places', () => {
  expect(changes({ providers: [a] }, { providers: [a, b] })).toEqual(['providers.b'])
  expect(changes({ providers: [a, b] }, { providers: [a] })).toEqual(['providers.b'])
  expect(changes({ providers: [a, b] }, { providers: [b, a] })).toEqual(['providers'])
  expect(changes({ providers: [a] }, { providers: [{ ...a, name: 'c' }] })).toEqual([
    'providers.c',
    'providers.a',
  ])
})

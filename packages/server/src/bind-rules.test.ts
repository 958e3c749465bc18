import { Secret } from '@llmproxy/provider-kit'
import { describe, expect, test } from 'vitest'
import { judgeBind } from './bind-rules.ts'
import { hostName, isLoopback, originHost } from './loopback.ts'

const real = new Secret('correct-horse-battery')
const sample = new Secret('your-api-key-here')

describe('where the server may listen', () => {
  test.each(['127.0.0.1', 'localhost', '::1'])('on %s without keys', (host) => {
    expect(judgeBind(host, [])).toEqual({ warnings: [] })
  })

  test.each(['0.0.0.0', '::', '192.168.1.5', 'proxy.example'])('not on %s without keys', (host) => {
    expect(judgeBind(host, []).refusal).toContain('no client keys are configured')
    expect(judgeBind(host, [real])).toEqual({ warnings: [] })
  })

  test('on loopback with a sample key, with a warning; elsewhere not', () => {
    expect(judgeBind('127.0.0.1', [sample]).warnings[0]).toContain('"your-api-key-here"')
    expect(judgeBind('127.0.0.1', [sample]).refusal).toBeUndefined()
    expect(judgeBind('0.0.0.0', [real, { key: sample, name: 'ci' }]).refusal).toContain(
      'stands in documentation',
    )
  })

  test('no secret key is ever named', () => {
    expect(JSON.stringify(judgeBind('0.0.0.0', [real, sample]))).not.toContain('correct-horse')
  })
})

test.each([
  ['127.0.0.1', true],
  ['127.255.0.3', true],
  ['::ffff:127.0.0.1', true],
  ['0:0:0:0:0:0:0:1', true],
  ['[::1]', true],
  ['LOCALHOST', true],
  ['a.localhost', true],
  ['128.0.0.1', false],
  ['127.0.0.1.example', false],
  ['127.evil.example', false],
  ['localhost.example', false],
  ['::', false],
  ['', false],
])('%j is of this machine: %s', (host, local) => {
  expect(isLoopback(host)).toBe(local)
})

test('host names are read strictly', () => {
  expect(hostName('localhost:8000')).toBe('localhost')
  expect(hostName('[::1]:8000')).toBe('[::1]')
  expect(hostName('a@localhost')).toBeUndefined()
  expect(hostName('localhost/x')).toBeUndefined()
  expect(originHost('http://localhost:1')).toBe('localhost')
  expect(originHost('null')).toBeUndefined()
})

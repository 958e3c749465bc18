import { describe, expect, test } from 'vitest'
import { readConfig } from './read.ts'
import { readRedisUrl, redisSecrets } from './redis-url.ts'
import { isSecretPath } from './secrets.ts'

describe('readRedisUrl', () => {
  test.each([
    ['redis://cache', { host: 'cache', port: 6379, tls: false, database: 0 }],
    ['redis://cache:7000/', { host: 'cache', port: 7000, tls: false, database: 0 }],
    ['rediss://cache/15', { host: 'cache', port: 6379, tls: true, database: 15 }],
    ['redis://[::1]:6380/2', { host: '::1', port: 6380, tls: false, database: 2 }],
    ['redis://:pa%40ss@cache', { host: 'cache', port: 6379, tls: false, database: 0, password: 'pa@ss' }],
    [
      'redis://app:p%2Fw%3F@cache:1/0',
      { host: 'cache', port: 1, tls: false, database: 0, username: 'app', password: 'p/w?' },
    ],
  ])('%s', (text, target) => {
    expect(readRedisUrl(text)).toEqual(target)
  })

  test.each([
    ['cache:6379', /must start with `redis:\/\/`/],
    ['http://cache', /must start with `redis:\/\/`/],
    ['redis://', /names no host/],
    ['redis:///0', /names no host/],
    ['redis://cache/first', /number of a database/],
    ['redis://cache/0/1', /number of a database/],
    ['redis://cache?family=6', /no options/],
    ['redis://:pa#canary@cache', /is not a URL|no options/],
    ['redis://:canary%zz@cache', /is not a URL/],
    ['redis://cache:port', /is not a URL/],
  ])('%s is refused, and not shown', (text, sentence) => {
    const problem = readRedisUrl(text)
    expect(problem).toMatch(sentence)
    expect(problem).not.toContain('canary')
  })
})

test('the URL and its password, written and meant, are secrets; a URL without a password has none', () => {
  const url = 'redis://app:canary%40long@cache:1'
  expect(redisSecrets(url)).toEqual([url, 'canary%40long', 'canary@long'])
  expect([redisSecrets('redis://cache'), redisSecrets(null)]).toEqual([[], []])
  expect(isSecretPath(['redis_url'])).toBe(true)
})

test.each([
  ['redis_url: "redis://:canary@host/x"', 'config.yaml:1:12 redis_url: takes the number of a database'],
  ['redis_url: "canary://host"', 'config.yaml:1:12 redis_url: must start with `redis://`'],
  ['redis_url: ["redis://:canary@host"]', 'config.yaml:1:1 redis_url: expected text, found a list'],
])('a configuration with %s is refused, and the value is not shown', (text, start) => {
  const { problems, config } = readConfig(`${text}\nproviders: []\n`, { file: 'config.yaml', env: {} })
  expect(config).toBeUndefined()
  const [problem] = problems
  expect(`${problem!.file}:${problem!.line}:${problem!.column} redis_url: ${problem!.message}`).toContain(
    start,
  )
  expect(JSON.stringify(problems)).not.toContain('canary')
})

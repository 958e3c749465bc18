import { expect, test } from 'vitest'
import { joinUrl } from './join-url.ts'

test.each<[string, string, string]>([
  ['https://host.test', '/v1/messages', 'https://host.test/v1/messages'],
  ['https://host.test/v1', '/v1/messages', 'https://host.test/v1/messages'],
  ['https://host.test/v1/', '/v1/messages', 'https://host.test/v1/messages'],
  ['https://host.test/proxy/v1', '/v1/models?limit=1', 'https://host.test/proxy/v1/models?limit=1'],
  ['https://host.test/v1', '/v1?x=1', 'https://host.test/v1?x=1'],
  ['https://host.test/v1', '/v1', 'https://host.test/v1'],
  ['https://host.test/v1', '/v2/chat', 'https://host.test/v1/v2/chat'],
  ['https://host.test/v1', '/v1beta/models', 'https://host.test/v1/v1beta/models'],
  ['https://host.test/v1beta', '/v1beta/models', 'https://host.test/v1beta/models'],
  ['https://host.test/v1', '/chat/completions', 'https://host.test/v1/chat/completions'],
  ['http://v1', '/v1/models', 'http://v1/v1/models'],
])('%s and %s give %s', (base, path, url) => {
  expect(joinUrl(base, path)).toBe(url)
})

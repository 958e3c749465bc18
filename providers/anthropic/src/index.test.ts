import type { Provider } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { sampleOptions, sent } from '../test/subject.ts'
import plugin from './index.ts'
import { options } from './options.ts'

const provider = (given: Record<string, unknown> = {}): Provider => plugin.create(sampleOptions(given))
const authorize = async (given: Record<string, unknown>): Promise<unknown> => {
  const io = {
    signal: new AbortController().signal,
    now: () => 0,
    fetch: () => Promise.reject(new Error('no network')),
  }
  return provider(given).authorize({ operation: 'chat', method: 'POST', url: '', headers: {} }, io)
}

test.each([
  ['https://api.anthropic.com', 'https://api.anthropic.com'],
  ['https://api.anthropic.com/v1', 'https://api.anthropic.com'],
  ['https://gateway.example.com/anthropic/v1/', 'https://gateway.example.com/anthropic'],
])('the base URL %s is taken with and without its version', (given, expected) => {
  expect(provider({ base_url: given }).baseUrl).toBe(expected)
})

test('the key travels in x-api-key, or as a bearer token', async () => {
  expect(await authorize({})).toEqual({ 'x-api-key': 'test-key' })
  expect(await authorize({ auth: 'bearer' })).toEqual({ authorization: 'Bearer test-key' })
})

test('beta features are merged, in lower case, each once', () => {
  const client = { 'anthropic-beta': 'B-2, a-1 ,,c-3' }
  expect(sent({ speed: 'fast' }, { beta: ['a-1'] }, client).headers['anthropic-beta']).toBe(
    'a-1,b-2,c-3,fast-mode-2026-02-01',
  )
  expect(sent().headers).toEqual({ 'anthropic-version': '2023-06-01' })
})

test('context editing and compaction bring their beta features', () => {
  const { headers } = sent({ context_management: { edits: [{ type: 'compact_20260112' }] } })
  expect(headers['anthropic-beta']).toBe('context-management-2025-06-27,compact-2026-01-12')
})

test('another wire format is refused with the names of those there are', () => {
  const parsed = options.safeParse({ api_key: 'test-key', api: 'complete' })
  expect(parsed.error?.issues[0]).toMatchObject({
    path: ['api'],
    message: expect.stringContaining('"messages"|"messages-prompt"') as string,
  })
})

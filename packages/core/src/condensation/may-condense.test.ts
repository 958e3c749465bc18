import { expect, test } from 'vitest'
import { mayCondense } from './may-condense.ts'

const chat = { messages: [{ role: 'user', content: 'Hi' }] }

function may(
  operation: string,
  body: object,
  { stream = false, ...condensation }: Record<string, boolean> = {},
) {
  const run = { stream, ingress: { operation, body, headers: {} } } as never
  return mayCondense(run, { condensation: { enabled: true, streaming: false, ...condensation } } as never)
}

test('conversations and texts', () => {
  expect(may('chat', chat)).toBe(true)
  expect(may('completions', { prompt: 'Hi' })).toBe(true)
  expect(may('completions', { prompt: ['Hi'] })).toBe(true)
})

test('no other operation, and no prompt of another kind', () => {
  for (const operation of ['messages', 'embeddings', 'images', 'videos'])
    expect(may(operation, { ...chat, prompt: 'Hi', input: 'Hi' })).toBe(false)
  for (const prompt of [['Hi', 'Ho'], [], [1], [1, 2], [[1], [2]], [[1]], undefined, null, 5])
    expect(may('completions', { prompt })).toBe(false)
  expect(may('chat', { messages: 'Hi' })).toBe(false)
})

test('streams only where they are meant, nothing where it is switched off or not configured', () => {
  expect(may('chat', chat, { stream: true })).toBe(false)
  expect(may('chat', chat, { stream: true, streaming: true })).toBe(true)
  expect(may('chat', chat, { stream: true, streaming: true, enabled: false })).toBe(false)
  expect(may('chat', chat, { enabled: false })).toBe(false)
  const run = { stream: false, ingress: { operation: 'chat', body: chat } } as never
  expect(mayCondense(run, { condensation: undefined })).toBe(false)
})

test('a client that wants the error gets it', () => {
  const config = { condensation: { enabled: true, streaming: false } } as never
  const asked = (wish: string) => {
    const headers = { 'x-llmproxy-condense': wish }
    return mayCondense(
      { stream: false, ingress: { operation: 'chat', body: chat, headers } } as never,
      config,
    )
  }
  expect(['off', 'OFF', 'false', 'no', '0'].map(asked)).toEqual([false, false, false, false, false])
  expect(['on', 'true', '1', '', 'office'].map(asked)).toEqual([true, true, true, true, true])
})

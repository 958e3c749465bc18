import type { ChatChunk, ChatCompletion } from '@llmproxy/provider-kit'
import { expect, test } from 'vitest'
import { readToolCalls } from './tool-calls.ts'

const head = { id: 'a', created: 1, model: 'small' }
const call = (id: string, text: string) => ({
  id,
  type: 'function',
  function: { name: 'f', arguments: text },
})

function whole(
  texts: readonly string[],
  finish_reason: 'tool_calls' | 'stop' = 'tool_calls',
): ChatCompletion {
  const message = {
    role: 'assistant' as const,
    content: null,
    tool_calls: texts.map((text) => call('a', text)),
  }
  return { ...head, object: 'chat.completion', choices: [{ index: 0, message, finish_reason }] }
}

function stream(texts: readonly string[]): ChatChunk[] {
  const tool_calls = texts.map((text, index) => ({ index, ...call('b', text) }))
  const delta = { role: 'assistant' as const, tool_calls }
  const choices = [{ index: 0, delta, finish_reason: 'tool_calls' as const }]
  return [{ ...head, object: 'chat.completion.chunk', choices }]
}

test('calls that are alike are read; ids and white space may differ', () => {
  expect(readToolCalls(whole(['{}', '[]']), stream(['{ }', '[]'])).calls).toEqual([
    { name: 'f', arguments: '{}' },
    { name: 'f', arguments: '[]' },
  ])
})

test.each([
  ['other arguments', whole(['{"a":1}']), stream(['{"a":2}']), 'calls[0].arguments.a: expected 1, found 2'],
  ['arguments that are no JSON', whole(['{}']), stream(['']), 'calls[0].arguments'],
  ['a call more', whole(['{}']), stream(['{}', '{}']), 'calls[1]'],
  ['a call fewer', whole(['{}', '{}']), stream(['{}']), 'calls[1]'],
  ['no call at all', whole(['{}']), [], 'end with tool_calls, not with tool_calls in both'],
  [
    'another end',
    whole(['{}'], 'stop'),
    stream(['{}']),
    'end with stop and tool_calls, not with tool_calls in both',
  ],
])('%s in the stream is an error', (_, answer, chunks, message) => {
  expect(() => readToolCalls(answer, chunks)).toThrow(message)
})

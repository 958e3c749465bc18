import { expect, test } from 'vitest'
import type { Call } from './contract.ts'
import { mendedAnswers } from './mended-answers.ts'
import type { ChatRequest } from './wire.ts'

const call: Call<ChatRequest> = {
  id: 'abc',
  created: 7,
  model: 'm',
  stream: true,
  headers: {},
  body: { model: 'm', messages: [] },
  dropped: () => undefined,
}

const frame = (content: string, finish: string | null) => ({
  data: JSON.stringify({ choices: [{ index: 0, delta: { content }, finish_reason: finish }] }),
})

test('comments that are sent as data are no frames, and what is no JSON is damage', () => {
  const decoder = mendedAnswers().stream(call)
  expect(decoder.event({ data: ': PROCESSING' })).toEqual([])
  expect(decoder.event({ data: ' ' })).toEqual([])
  expect(decoder.event(frame('Hi', 'stop'))).toHaveLength(1)
  expect(() => decoder.event({ data: 'PROCESSING' })).toThrow('not a JSON object')
})

test('what follows the end is not part of the answer', () => {
  const decoder = mendedAnswers().stream(call)
  decoder.event(frame('Hi', 'stop'))
  expect(decoder.event({ data: '[DONE]' })).toEqual([])
  expect(decoder.event(frame('more', null))).toEqual([])
  expect(decoder.end?.()).toEqual([])
})

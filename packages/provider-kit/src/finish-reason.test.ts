import { describe, expect, test } from 'vitest'
import { finishReason } from './finish-reason.ts'
import { finishReasons } from './wire.ts'

describe('finishReason()', () => {
  test.each([...finishReasons])('%s is itself', (reason) => {
    expect(finishReason(reason)).toEqual({ kind: 'finish', reason, known: true })
  })

  test.each<[string, string]>([
    ['eos', 'stop'],
    ['eos_token', 'stop'],
    ['end_turn', 'stop'],
    ['COMPLETE', 'stop'],
    ['max_length', 'length'],
    ['model_length', 'length'],
    ['MAX_TOKENS', 'length'],
    ['tool_use', 'tool_calls'],
    ['SAFETY', 'content_filter'],
  ])('%s means %s', (raw, reason) => {
    expect(finishReason(raw)).toEqual({ kind: 'finish', reason, known: true })
  })

  test.each([undefined, null, ''])('%j is not finished', (raw) => {
    expect(finishReason(raw)).toEqual({ kind: 'open' })
  })

  test.each(['error', 'insufficient_system_resource', 'ERROR'])('%s is a failure', (raw) => {
    expect(finishReason(raw)).toEqual({ kind: 'failure', raw: raw.toLowerCase() })
  })

  test.each(['because', '__proto__', 'constructor', 7, {}, true])('%j is an unknown way to stop', (raw) => {
    expect(finishReason(raw)).toEqual({ kind: 'finish', reason: 'stop', known: false })
  })
})

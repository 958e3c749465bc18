import { expect } from 'vitest'
import { FrameRules, type FrameRulesOptions } from '../src/frame-rules.ts'

export type Frame = Record<string, unknown>

export const options: FrameRulesOptions = {
  operation: 'chat',
  includeUsage: false,
  id: 'chatcmpl-own',
  created: 100,
  model: 'own',
}
export const fresh = (over: Partial<FrameRulesOptions> = {}): FrameRules =>
  new FrameRules({ ...options, ...over })
export const frame = (over: object = {}): Frame => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 7,
  model: 'm',
  choices: [],
  ...over,
})
export const choice = (over: object = {}): Frame => ({ index: 0, delta: {}, finish_reason: null, ...over })
export const chunk = (delta: object, over: object = {}, rest: object = {}): Frame =>
  frame({ choices: [choice({ delta, ...over })], ...rest })
export const finish = (reason: unknown = 'stop', delta: object = {}): Frame =>
  chunk(delta, { finish_reason: reason })
export const text = (content = 'hi'): Frame => chunk({ content })
/** Rules that have seen the role of choice 0, with which a stream begins. */
export const start = (over: Partial<FrameRulesOptions> = {}): FrameRules => {
  const rules = fresh(over)
  if (over.operation !== 'completions') rules.inspect(chunk({ role: 'assistant', content: '' }))
  return rules
}
export const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

/** What leaves: passed and changed frames as JSON, and what closing adds. */
export function run(
  rules: FrameRules,
  frames: readonly unknown[],
): { sent: Frame[]; verdicts: unknown[]; closing: Frame[]; repaired: number } {
  const sent: Frame[] = []
  const verdicts: unknown[] = []
  for (const each of frames) {
    const copy: unknown = structuredClone(each)
    const verdict = rules.inspect(copy)
    verdicts.push(verdict)
    // `pass` means that the upstream's bytes leave, so the object must not have been touched.
    expect(verdict === 'pass' ? copy : each).toEqual(each)
    if (verdict === 'pass' || verdict === 'changed') sent.push(JSON.parse(JSON.stringify(copy)) as Frame)
  }
  const { repaired } = rules
  return { sent, verdicts, repaired, closing: rules.closing() as Frame[] }
}

export const firstChoice = (sent: Frame | undefined): Frame =>
  (sent?.['choices'] as Frame[] | undefined)?.[0] ?? {}
export const deltas = (sent: readonly Frame[]): unknown[] => sent.map((each) => firstChoice(each)['delta'])

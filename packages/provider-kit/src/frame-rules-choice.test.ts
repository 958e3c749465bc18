import { describe, expect, test } from 'vitest'
import {
  type Frame,
  choice,
  chunk,
  deltas,
  finish,
  firstChoice,
  frame,
  fresh,
  run,
  start,
  text,
} from '../test/frames.ts'

describe('choices', () => {
  test('always have a delta, an index and a finish_reason', () => {
    for (const bad of [
      { index: 0, finish_reason: null },
      { delta: null, finish_reason: null },
      { delta: {} },
      { index: -1, delta: {}, finish_reason: '' },
    ]) {
      expect(run(start(), [frame({ choices: [bad] })]).sent[0]).toEqual(frame({ choices: [choice()] }))
    }
  })

  test('without a delta keep their message or text', () => {
    const whole = { index: 0, message: { role: 'assistant', content: 'a' }, finish_reason: 'stop' }
    expect(run(fresh(), [frame({ choices: [whole] })]).sent[0]).toEqual(
      finish('stop', { role: 'assistant', content: 'a' }),
    )
    expect(
      run(start(), [frame({ choices: [{ index: 0, text: 'a', finish_reason: null }] })]).sent[0],
    ).toEqual(text('a'))
  })

  test('that are no objects are left out', () => {
    expect(run(start(), [frame({ choices: [null, choice({ delta: { content: 'a' } })] })]).sent[0]).toEqual(
      text('a'),
    )
  })

  test('name the role once, and it is the assistant', () => {
    const { sent } = run(fresh(), [
      chunk({ role: null, content: 'a' }),
      chunk({ role: 'assistant', content: 'b' }),
      chunk({ role: '', content: 'c' }),
    ])
    expect(deltas(sent)).toEqual([{ role: 'assistant', content: 'a' }, { content: 'b' }, { content: 'c' }])
  })

  test('have a role in their first delta, whenever the upstream sends one', () => {
    const second = (delta: object): Frame => frame({ choices: [{ index: 1, delta, finish_reason: null }] })
    const frames = [
      text('a'),
      chunk({ role: 'assistant', content: 'b' }),
      text('c'),
      second({ content: 'd' }),
    ]
    const { sent, verdicts } = run(fresh(), frames)
    expect(deltas(sent)).toEqual([
      { role: 'assistant', content: 'a' },
      { content: 'b' },
      { content: 'c' },
      { role: 'assistant', content: 'd' },
    ])
    expect(verdicts).toEqual(['changed', 'changed', 'pass', 'changed'])
  })

  test('that are empty behind their end are dropped', () => {
    expect(run(start(), [text(), finish(), chunk({})]).verdicts).toEqual(['pass', 'pass', 'drop'])
  })

  test('keep content after their end', () => {
    expect(run(start(), [finish(), text('late')]).verdicts).toEqual(['pass', 'pass'])
  })

  test('keep content that is no string, and the legacy function_call', () => {
    expect(start().inspect(chunk({ content: [{ type: 'text', text: 'a' }] }))).toBe('pass')
    expect(start().inspect(chunk({ function_call: { name: 'f', arguments: '{' } }))).toBe('pass')
  })
})

describe('finish_reason', () => {
  test.each([
    ['', null],
    ['stop', 'stop'],
    ['eos', 'stop'],
    ['max_tokens', 'length'],
    ['tool_use', 'tool_calls'],
    ['something_new', 'stop'],
    ['function_call', 'function_call'],
  ])('%j becomes %j', (raw, reason) => {
    const rules = start()
    const { sent, repaired, closing } = run(rules, [text(), finish(raw)])
    expect(firstChoice(sent[1])['finish_reason']).toBe(reason)
    expect(repaired).toBe(raw === reason ? 0 : 1)
    expect(closing).toHaveLength(reason === null ? 1 : 0)
  })

  test('comes once: a second one goes, with its frame when nothing else is in it', () => {
    const { sent, verdicts } = run(start(), [
      text(),
      finish(),
      finish(),
      finish('stop', { content: '' }),
      finish('length', { content: 'b' }),
    ])
    expect(verdicts).toEqual(['pass', 'pass', 'drop', 'drop', 'changed'])
    expect(sent[2]).toEqual(text('b'))
  })

  test('is added when the upstream ended by its own mark', () => {
    const rules = start()
    expect(run(rules, [text()]).closing).toEqual([finish()])
    expect(rules).toMatchObject({ finished: true, repaired: 1 })
    expect(rules.closing()).toEqual([])
    expect(run(fresh(), []).closing).toEqual([])
  })
})

describe('reasoning', () => {
  test.each(['reasoning', 'reasoning_text', 'thinking'])('called %s gets its usual name too', (name) => {
    const rules = start()
    const { sent, repaired } = run(rules, [chunk({ [name]: 'why', content: null })])
    expect(deltas(sent)).toEqual([{ [name]: 'why', content: null, reasoning_content: 'why' }])
    expect(rules.sawContent).toBe(true)
    expect(repaired).toBe(0)
  })

  test('that has its name already, or is empty, stays', () => {
    expect(start().inspect(chunk({ reasoning_content: 'a', reasoning: 'a' }))).toBe('pass')
    expect(start().inspect(chunk({ reasoning: '', content: 'a' }))).toBe('pass')
    expect(start().inspect(chunk({ reasoning: null, content: 'a' }))).toBe('pass')
  })
})

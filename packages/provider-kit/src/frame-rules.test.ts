import { describe, expect, test } from 'vitest'
import {
  type Frame,
  choice,
  chunk,
  finish,
  firstChoice,
  frame,
  fresh,
  run,
  start,
  text,
  usage,
} from '../test/frames.ts'

describe('a clean stream', () => {
  test('passes untouched', () => {
    const rules = fresh()
    const { verdicts, closing } = run(rules, [chunk({ role: 'assistant', content: '' }), text(), finish()])
    expect(verdicts).toEqual(['pass', 'pass', 'pass'])
    expect(closing).toEqual([])
    expect(rules).toMatchObject({ finished: true, sawContent: true, repaired: 0, usage: null })
  })

  test('passes with usage asked for by the client', () => {
    const rules = start({ includeUsage: true })
    const { verdicts, closing } = run(rules, [
      chunk({ content: 'a' }, {}, { usage: null }),
      finish(),
      frame({ usage }),
    ])
    expect(verdicts).toEqual(['pass', 'pass', 'pass'])
    expect(closing).toEqual([])
    expect(rules.usage).toEqual(usage)
  })

  test('loses the usage that only the gateway asked for', () => {
    const rules = start()
    const { sent, verdicts, closing } = run(rules, [
      chunk({ content: 'a' }, {}, { usage: null }),
      finish(),
      frame({ usage }),
    ])
    expect(verdicts).toEqual(['changed', 'pass', 'drop'])
    expect(sent[0]).toEqual(text('a'))
    expect(closing).toEqual([])
    expect(rules).toMatchObject({ usage, repaired: 0 })
  })

  test('has several choices, each with its own end', () => {
    const rules = start()
    const both = frame({
      choices: [choice({ delta: { content: 'a' } }), choice({ index: 1, delta: { content: 'b' } })],
    })
    expect(run(rules, [both, finish()]).closing).toEqual([chunk({}, { index: 1, finish_reason: 'stop' })])
  })

  test('of completions passes', () => {
    const rules = start({ operation: 'completions' })
    const piece = (over: object): Frame =>
      frame({
        object: 'text_completion',
        choices: [{ index: 0, text: 'a', logprobs: null, finish_reason: null, ...over }],
      })
    expect(run(rules, [piece({}), piece({ text: '', finish_reason: 'length' })]).verdicts).toEqual([
      'pass',
      'pass',
    ])
    const odd = run(start({ operation: 'completions' }), [
      piece({ text: null }),
      piece({ text: undefined, delta: { content: 'b' } }),
    ])
    expect(odd.sent.map((each) => firstChoice(each)['text'])).toEqual(['', 'b'])
    expect(odd.closing).toEqual([
      frame({
        object: 'text_completion',
        choices: [{ index: 0, text: '', logprobs: null, finish_reason: 'stop' }],
      }),
    ])
  })
})

describe('faults', () => {
  test.each([
    ['an error object', frame({ error: { message: 'x', code: 502 } })],
    ['an error object with no code', { choices: [], error: { message: 'x', code: null } }],
    ['an error string', { error: 'text' }],
    ['an error beside choices', { ...text(), error: { message: 'x' } }],
  ])('%s is one, as it came', (_, bad) => {
    expect(start().inspect(bad)).toEqual({ fault: bad })
  })

  test.each([null, 1, 'x', true, [], undefined])('%j is no frame', (bad) => {
    expect(start().inspect(bad)).toMatchObject({ fault: { error: { code: 'bad_response' } } })
  })

  test.each(['error', 'insufficient_system_resource'])('finish_reason %s is a failure', (reason) => {
    expect(start().inspect(finish(reason))).toMatchObject({ fault: { error: { code: reason } } })
  })

  test('an error of null is none', () => {
    expect(start().inspect({ ...text(), error: null })).toBe('pass')
  })
})

describe('frames that no client understands', () => {
  test.each<[string, object]>([
    ['a foreign object', { warning: 'slow' }],
    ['no choices', frame({ choices: undefined })],
    ['empty choices', frame()],
    ['choices of null', frame({ choices: null })],
    [
      'filter results for the prompt',
      { id: '', object: '', created: 0, model: '', choices: [], prompt_filter_results: [{}] },
    ],
    [
      'a choice with filter results only',
      frame({
        choices: [{ index: 0, finish_reason: null, content_filter_results: {}, content_filter_offsets: {} }],
      }),
    ],
    ['choices that are no objects', frame({ choices: [null, 'x'] })],
  ])('%s is dropped', (_, bad) => {
    const rules = start()
    const { verdicts, sent, repaired } = run(rules, [bad, text()])
    expect(verdicts).toEqual(['drop', 'pass'])
    expect(sent).toEqual([text()])
    expect(repaired).toBe(1)
  })

  test('empty choices with something else to say pass', () => {
    expect(start().inspect(frame({ citations: ['u'] }))).toBe('pass')
  })
})

describe('identity', () => {
  test('is that of the first frame for the whole stream', () => {
    const { sent } = run(start(), [
      text(),
      { ...text(), id: 'other', created: 8, model: 'n', object: 'chat.completion.done' },
    ])
    expect(sent[1]).toEqual(text())
  })

  test('is filled in when the upstream has none', () => {
    const { sent } = run(fresh(), [
      { choices: [choice({ delta: { content: 'a' } })] },
      { ...text(), id: '', created: null, model: '' },
    ])
    for (const each of sent)
      expect(each).toMatchObject({
        id: 'chatcmpl-own',
        created: 100,
        model: 'own',
        object: 'chat.completion.chunk',
      })
  })

  test('has the model that is to be shown', () => {
    const rules = start({ forwardModel: 'alias' })
    const { sent, repaired } = run(rules, [text()])
    expect(sent[0]).toEqual({ ...text(), model: 'alias' })
    expect(repaired).toBe(0)
  })

  test('a created with a fraction loses it', () => {
    expect(run(start(), [{ ...text(), created: 7.9 }]).sent[0]).toMatchObject({ created: 7 })
  })
})

describe('usage', () => {
  const later = { prompt_tokens: 3, completion_tokens: 9, total_tokens: 12 }

  test('on the finish chunk moves to a frame of its own', () => {
    const { sent, closing } = run(start({ includeUsage: true }), [text(), { ...finish(), usage }])
    expect(sent[1]).toEqual(finish())
    expect(closing).toEqual([frame({ usage })])
  })

  test('in every chunk is sent once, the last one', () => {
    const { sent, closing } = run(start({ includeUsage: true }), [
      { ...text(), usage },
      { ...finish(), usage: later },
    ])
    expect(sent).toEqual([text(), finish()])
    expect(closing).toEqual([frame({ usage: later })])
  })

  test('on the finish chunk and in a frame of its own is sent once', () => {
    const { sent, closing } = run(start({ includeUsage: true }), [
      text(),
      { ...finish(), usage },
      frame({ usage: later }),
      frame({ usage: later }),
    ])
    expect(sent).toEqual([text(), finish(), frame({ usage: later })])
    expect(closing).toEqual([])
  })

  test('before the finish waits for the end', () => {
    const { sent, closing } = run(start({ includeUsage: true }), [
      frame({ usage }),
      text(),
      frame({ usage: later }),
    ])
    expect(sent).toEqual([text()])
    expect(closing).toEqual([finish(), frame({ usage: later })])
  })

  test('in a frame without choices gets them, or goes', () => {
    const bare = { id: 'x', object: 'chat.completion.chunk', created: 7, model: 'm', usage }
    expect(run(start({ includeUsage: true }), [text(), finish(), bare]).sent[2]).toEqual(frame({ usage }))
    const rules = start()
    expect(run(rules, [text(), finish(), bare]).verdicts).toEqual(['pass', 'pass', 'drop'])
    expect(rules.usage).toEqual(usage)
  })

  test('is sent by usageFrame() once', () => {
    const rules = start({ includeUsage: true })
    run(rules, [])
    expect(rules.usageFrame()).toBeUndefined()
    rules.inspect({ ...finish(), usage })
    expect(rules.usageFrame()).toEqual(frame({ usage }))
    expect(rules.usageFrame()).toBeUndefined()
    expect(rules.closing()).toEqual([])
  })

  test('says when its null was all that changed', () => {
    const rules = start()
    expect(rules.inspect({ ...text(), usage: null })).toBe('changed')
    expect(rules.onlyNullUsageRemoved).toBe(true)
    for (const other of [
      { ...text(), usage },
      { ...text(), usage: null, id: 'y' },
      { ...finish(''), usage: null },
      text(),
      chunk({ reasoning: 'r' }, {}, { usage: null }),
    ]) {
      rules.inspect(other)
      expect(rules.onlyNullUsageRemoved).toBe(false)
    }
  })
})

describe('a stream that has begun elsewhere', () => {
  const begun = { id: 'first', created: 5, model: 'alpha' }

  test('goes on with its identity and without a role, and that is no repair', () => {
    const { sent, verdicts, repaired, closing } = run(fresh({ begun }), [
      text('a'),
      finish(),
      frame({ usage }),
    ])
    expect(sent).toEqual([
      { ...text('a'), ...begun },
      { ...finish(), ...begun },
    ])
    expect(verdicts).toEqual(['changed', 'changed', 'drop'])
    expect(repaired).toBe(0)
    expect(closing).toEqual([])
  })

  test('loses a second role', () => {
    const { sent } = run(fresh({ begun }), [chunk({ role: 'assistant', content: 'a' }), finish()])
    expect(firstChoice(sent[0])['delta']).toEqual({ content: 'a' })
  })

  test('has frames that pass when they are alike, and none that is like another but for its null usage', () => {
    const rules = fresh({ begun })
    expect(rules.inspect({ ...text(), ...begun })).toBe('pass')
    for (const identity of [begun, {}]) {
      expect(rules.inspect({ ...text(), ...identity, usage: null })).toBe('changed')
      expect(rules.onlyNullUsageRemoved).toBe(false)
    }
  })

  test('ends with its identity', () => {
    const { closing } = run(fresh({ begun, includeUsage: true }), [{ ...text(), usage }])
    expect(closing).toEqual([
      { ...finish(), ...begun },
      { ...frame({ usage }), ...begun },
    ])
  })
})

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameRules } from '@llmproxy/provider-kit'
import { FrameTemplate } from './frame-rules-template.ts'

/** Rules that have seen the role, with which a stream begins. */
const start = (includeUsage = false): FrameRules => {
  const rules = new FrameRules({ operation: 'chat', includeUsage, id: 'own', created: 1, model: 'm' })
  rules.inspect(JSON.parse(frame('').replace('{"content":""}', '{"role":"assistant"}')))
  return rules
}

const frame = (content: unknown, rest = '', before = ''): string =>
  `{"id":"x","object":"chat.completion.chunk","created":7,"model":"m",${before}"choices":[{"index":0,"delta":{"content":${JSON.stringify(content)}},"logprobs":null,"finish_reason":null}]${rest}}`

/** Feeds one frame to rules and template, as the relay does. */
function learn(template: FrameTemplate, rules: FrameRules, text: string): void {
  const bytes = Buffer.from(text)
  const parsed: unknown = JSON.parse(text)
  const verdict = rules.inspect(parsed)
  if (verdict === 'pass') template.learn(bytes, 0, bytes.length, parsed)
  else if (verdict === 'changed' && rules.onlyNullUsageRemoved)
    template.learnCut(bytes, 0, bytes.length, parsed)
}

/** What the template makes of a frame: the bytes that leave, or `undefined` when it does not know the frame. */
function output(template: FrameTemplate, text: string): string | undefined {
  const bytes = Buffer.from(`data: ${text}\n\n`)
  const end = bytes.length - 2
  if (!template.matches(bytes, 6, end)) return undefined
  const { cutStart, cutEnd } = template
  return cutStart === -1
    ? bytes.toString('utf8', 6, end)
    : bytes.toString('utf8', 6, cutStart) + bytes.toString('utf8', cutEnd, end)
}

describe('FrameTemplate', () => {
  test('knows frames that differ in their content only', () => {
    const template = new FrameTemplate()
    expect(output(template, frame('a'))).toBeUndefined()
    learn(template, start(), frame('a'))
    for (const content of [
      'b',
      '',
      'long '.repeat(100),
      'é 世界 👩‍👩‍👧',
      '"',
      '\\',
      '\n\t\u0001',
      '\u2028',
      '\ud800',
    ]) {
      expect(output(template, frame(content))).toBe(frame(content))
    }
  })

  test.each([
    ['another id', frame('a').replace('"x"', '"y"')],
    ['a finish', frame('a').replace('"finish_reason":null', '"finish_reason":"stop"')],
    ['another choice', frame('a').replace('"index":0', '"index":1')],
    ['a role', frame('a').replace('{"content"', '{"role":"assistant","content"')],
    ['null content', frame(null)],
    ['an array as content', frame(['a'])],
    ['something behind', `${frame('a')} `],
    ['a member behind', frame('a', ',"usage":null')],
    ['a cut frame', frame('a').slice(0, -1)],
    ['the prefix only', frame('a').slice(0, 70)],
    ['a raw line break', frame('a').replace('"a"', '"\n"')],
    ['a wrong escape', frame('a').replace('"a"', '"\\x"')],
    ['a wrong unicode escape', frame('a').replace('"a"', '"\\u12g4"')],
    ['an escaped end', frame('a').replace('"a"', '"\\"')],
    ['an end of stream', '[DONE]'],
    ['an error', '{"error":{"message":"x"}}'],
    ['a member smuggled in', frame('a').replace('"a"', '"a","tool_calls":[]')],
  ])('does not know %s', (_, other) => {
    const template = new FrameTemplate()
    learn(template, start(), frame('a'))
    expect(output(template, other)).toBeUndefined()
  })

  test.each([
    ['empty content', frame('')],
    ['a finish', frame('a').replace('"finish_reason":null', '"finish_reason":"stop"')],
    ['a first role', frame('a').replace('{"content"', '{"role":"assistant","content"')],
    ['two strings', frame('a').replace('{"content"', '{"reasoning_content":"r","content"')],
    ['twins of content', frame('a').replace('{"content"', '{"content":"b","content"')],
    ['twins of choices', frame('a', '', '"choices":[],')],
  ])('does not learn from %s', (_, text) => {
    const template = new FrameTemplate()
    learn(template, start(), text)
    expect(output(template, text)).toBeUndefined()
  })

  test('cuts out a null usage that nobody asked for', () => {
    const layouts: ((content: string, usage: string) => string)[] = [
      (content, usage) => frame(content, usage === '' ? '' : `,${usage}`),
      (content, usage) =>
        frame(
          content,
          `${usage === '' ? '' : `,${usage}`},"obfuscation":"${'z'.repeat(content.length + 1)}"`,
        ),
      (content, usage) =>
        frame(
          content,
          `,"obfuscation":"${'z'.repeat(content.length + 1)}"${usage === '' ? '' : `,${usage}`}`,
        ),
      (content, usage) => frame(content, '', usage === '' ? '' : `${usage},`),
      (content, usage) => frame(content).replace('{"id"', `{${usage === '' ? '' : `${usage},`}"id"`),
    ]
    for (const layout of layouts) {
      const template = new FrameTemplate()
      learn(template, start(), layout('a', '"usage":null'))
      for (const content of ['', 'b', 'hello there']) {
        expect(output(template, layout(content, '"usage":null'))).toBe(layout(content, ''))
        expect(output(template, layout(content, '"usage":{}'))).toBeUndefined()
      }
    }
  })

  test('leaves a null usage when the client asked for it', () => {
    const template = new FrameTemplate()
    learn(template, start(true), frame('a', ',"usage":null'))
    expect(output(template, frame('b', ',"usage":null'))).toBe(frame('b', ',"usage":null'))
  })

  test('knows frames with random padding', () => {
    const template = new FrameTemplate()
    learn(template, start(), frame('a', ',"obfuscation":"xyz"'))
    expect(output(template, frame('bcd', ',"obfuscation":"q"'))).toBe(frame('bcd', ',"obfuscation":"q"'))
    expect(output(template, frame('bcd', ',"obfuscation":7'))).toBeUndefined()
  })

  test('knows reasoning and completions', () => {
    const reasoning = (text: string): string =>
      frame('a').replace('"content":"a"', `"content":null,"reasoning_content":"${text}"`)
    const template = new FrameTemplate()
    learn(template, start(), reasoning('a'))
    expect(output(template, reasoning('b'))).toBe(reasoning('b'))
    const text = (value: string): string =>
      `{"id":"x","object":"text_completion","created":7,"model":"m","choices":[{"text":"${value}","index":0,"finish_reason":null}]}`
    learn(
      template,
      new FrameRules({ operation: 'completions', includeUsage: false, id: 'o', created: 1, model: 'm' }),
      text('a'),
    )
    expect(output(template, text('b'))).toBe(text('b'))
  })

  test('gives up on a stream whose frames never repeat', () => {
    const template = new FrameTemplate()
    const rules = start()
    for (let turn = 0; turn < 40; turn++) learn(template, rules, frame('a', `,"n":${turn}`))
    learn(template, rules, frame('a'))
    expect(output(template, frame('b'))).toBeUndefined()
  })

  test('never accepts what JSON.parse and the rules would not pass as it is', () => {
    const learnt = [
      frame('a'),
      frame('a', ',"usage":null'),
      frame('a', ',"usage":null,"obfuscation":"x"'),
      frame('a', ',"extra":{"content":"a"}'),
    ]
    const noise = fc.oneof(
      fc.constantFrom(
        '"',
        '\\',
        '\\"',
        '\\u00',
        '\\u0041',
        '\n',
        '}',
        '{',
        ',',
        '"}',
        ':',
        'null',
        '[]',
        '","role":"x',
        'é',
      ),
      fc.string({ maxLength: 3 }),
    )
    let edited = 0
    // The content begins at byte 109: most edits should fall into it.
    const edit = fc.record({
      at: fc.oneof(fc.nat(260), fc.integer({ min: 100, max: 135 })),
      remove: fc.nat(3),
      insert: fc.array(noise, { maxLength: 3 }),
    })
    fc.assert(
      fc.property(
        fc.constantFrom(...learnt),
        fc.string({ unit: 'binary' }),
        fc.array(edit, { maxLength: 2 }),
        fc.boolean(),
        (seed, content, edits, asked) => {
          const template = new FrameTemplate()
          learn(template, start(asked), seed)
          let text = seed.replace('"content":"a"', () => `"content":${JSON.stringify(content)}`)
          const whole = text
          for (const { at, remove, insert } of edits)
            text = text.slice(0, at) + insert.join('') + text.slice(at + remove)
          text = text.toWellFormed()
          const out = output(template, text)
          if (out === undefined) return
          const rules = start(asked)
          rules.inspect(JSON.parse(seed))
          const parsed: unknown = JSON.parse(text)
          const verdict = rules.inspect(parsed)
          expect(verdict === 'pass' || (verdict === 'changed' && rules.onlyNullUsageRemoved)).toBe(true)
          expect(verdict === 'pass' ? out : JSON.parse(out)).toEqual(verdict === 'pass' ? text : parsed)
          if (text !== whole) edited++
        },
      ),
      { numRuns: 3000, seed: 7 },
    )
    // Without accepted edits the property would say nothing.
    expect(edited).toBeGreaterThan(20)
  })
})

const recorded = new URL('../../../../../shared/recorded/', import.meta.url)
const isOurs = (path: string): boolean => {
  const first = readFileSync(new URL(path, recorded), 'utf8').split('\n', 1)[0] ?? ''
  return first.startsWith('{') && Array.isArray((JSON.parse(first) as { choices?: unknown }).choices)
}
const streams = existsSync(recorded)
  ? readdirSync(recorded, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.chunks.txt') && isOurs(path))
      .sort()
  : []
if (streams.length === 0)
  console.log('recorded streams are not there (../shared/recorded): their replay is skipped')

describe.skipIf(streams.length === 0)('recorded streams', () => {
  test.each(streams.flatMap((path) => [true, false].map((asked): [string, boolean] => [path, asked])))(
    '%s comes out in the dialect (usage asked for: %s)',
    (path, asked) => {
      const template = new FrameTemplate()
      const rules = start(asked)
      const sent: unknown[] = []
      const lines = readFileSync(new URL(path, recorded), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
      for (const line of lines) {
        const fast = output(template, line)
        const parsed: unknown = JSON.parse(line)
        const verdict = rules.inspect(parsed)
        if (fast === undefined) learn(template, start(asked), line)
        expect(fast === undefined ? parsed : JSON.parse(fast)).toEqual(parsed)
        expect(typeof verdict).toBe('string')
        if (verdict !== 'drop') sent.push(JSON.parse(JSON.stringify(parsed)))
      }
      expect(rules).toMatchObject({ finished: true, sawContent: true })
      sent.push(...rules.closing())
      const choices = sent.flatMap(
        (each) => (each as { choices: { finish_reason: unknown; delta: object }[] }).choices,
      )
      expect(choices.filter((choice) => choice.finish_reason !== null)).toHaveLength(1)
      expect(choices.every((choice) => typeof choice.delta === 'object')).toBe(true)
      expect(
        sent.filter(
          (each) =>
            typeof (each as { usage?: unknown }).usage === 'object' &&
            (each as { usage: unknown }).usage !== null,
        ),
      ).toHaveLength(asked ? 1 : 0)
      expect(new Set(sent.map((each) => (each as { id: string }).id)).size).toBe(1)
    },
  )
})

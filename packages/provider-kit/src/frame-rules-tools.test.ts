import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FrameRules } from './frame-rules.ts'

type Entry = Record<string, unknown>

/** Rules that have seen the role, with which a stream begins. */
const start = (): FrameRules => {
  const rules = new FrameRules({ operation: 'chat', includeUsage: false, id: 'own', created: 1, model: 'm' })
  rules.inspect(frame({ role: 'assistant' }))
  return rules
}

const frame = (delta: object, reason: string | null = null): Entry => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason: reason }],
})

interface Sent {
  verdicts: unknown[]
  entries: Entry[]
  reason: unknown
}

function run(
  rules: FrameRules,
  list: readonly (readonly Entry[])[],
  reason: string | null = 'tool_calls',
): Sent {
  const frames = [
    ...list.map((entries) => frame({ tool_calls: entries })),
    ...(reason === null ? [] : [frame({}, reason)]),
  ]
  const sent: Sent = { verdicts: [], entries: [], reason: null }
  for (const each of frames) {
    const copy = structuredClone(each)
    sent.verdicts.push(rules.inspect(copy))
    const [choice] = copy['choices'] as { delta: { tool_calls?: Entry[] }; finish_reason: unknown }[]
    sent.entries.push(...(choice?.delta.tool_calls ?? []))
    sent.reason = choice?.finish_reason
  }
  return sent
}

/** What a client that adds deltas up by index makes of them: it throws on what breaks real ones. */
function assembled(entries: readonly Entry[]): Entry[] {
  const calls: Entry[] = []
  for (const entry of entries) {
    const { index, id, type } = entry
    const inner = (entry['function'] ?? {}) as { name?: unknown; arguments?: unknown }
    if (typeof index !== 'number' || index > calls.length) throw new Error(`index ${String(index)}`)
    if (typeof inner.arguments !== 'string') throw new Error('arguments are no string')
    const call = calls[index]
    if (call === undefined) {
      if (typeof id !== 'string' || id === '' || type !== 'function' || typeof inner.name !== 'string')
        throw new Error('first delta')
      calls[index] = { id, name: inner.name, arguments: inner.arguments }
    } else {
      if (id !== undefined) throw new Error('id again')
      call['name'] = `${String(call['name'])}${(inner.name as string | undefined) ?? ''}`
      call['arguments'] = `${String(call['arguments'])}${inner.arguments}`
    }
  }
  return calls
}

const call = (over: object, inner: object): Entry => ({ ...over, function: inner })

describe('tool calls', () => {
  test('as they should be pass', () => {
    const { verdicts, entries } = run(start(), [
      [call({ index: 0, id: 'a', type: 'function' }, { name: 'f', arguments: '' })],
      [call({ index: 0 }, { arguments: '{"x":' })],
      [call({ index: 0 }, { arguments: '1}' })],
      [call({ index: 1, id: 'b', type: 'function' }, { name: 'g', arguments: '{}' })],
    ])
    expect(verdicts).toEqual(['pass', 'pass', 'pass', 'pass', 'pass'])
    expect(assembled(entries)).toEqual([
      { id: 'a', name: 'f', arguments: '{"x":1}' },
      { id: 'b', name: 'g', arguments: '{}' },
    ])
  })

  const f = { name: 'f', arguments: '{"a":1}' }
  const g = { name: 'g', arguments: '{"b":2}' }
  const both = [
    { name: 'f', arguments: '{"a":1}' },
    { name: 'g', arguments: '{"b":2}' },
  ]
  const twice = [
    { name: 'f', arguments: '{"a":1}' },
    { name: 'f', arguments: '{"a":1}' },
  ]

  test.each<[string, Entry[][], unknown[]]>([
    ['all at index 0, with ids', [[call({ index: 0, id: 'a' }, f)], [call({ index: 0, id: 'b' }, g)]], both],
    ['all at index 0, without ids', [[call({ index: 0 }, f)], [call({ index: 0 }, g)]], both],
    [
      'all at index 0, without ids, the same function',
      [[call({ index: 0 }, f)], [call({ index: 0 }, f)]],
      twice,
    ],
    ['without index, with ids', [[call({ id: 'a' }, f), call({ id: 'b' }, g)]], both],
    ['without index and id', [[call({}, f), call({}, g)]], both],
    ['without index and id, the same function', [[call({}, f)], [call({}, f)]], twice],
    [
      'without index, in pieces',
      [
        [call({ id: 'a' }, { name: 'f', arguments: '{"a"' })],
        [call({}, { arguments: ':1}' })],
        [call({ id: 'b' }, g)],
      ],
      both,
    ],
    ['from index 1', [[call({ index: 1, id: 'a' }, f)], [call({ index: 2, id: 'b' }, g)]], both],
    [
      'interleaved by index',
      [
        [
          call({ index: 0, id: 'a' }, { name: 'f', arguments: '{"a"' }),
          call({ index: 1, id: 'b' }, { name: 'g', arguments: '{"b"' }),
        ],
        [call({ index: 1 }, { arguments: ':2}' }), call({ index: 0 }, { arguments: ':1}' })],
      ],
      both,
    ],
    [
      'interleaved by id',
      [
        [
          call({ id: 'a' }, { name: 'f', arguments: '{"a"' }),
          call({ id: 'b' }, { name: 'g', arguments: '{"b"' }),
        ],
        [call({ id: 'b' }, { arguments: ':2}' }), call({ id: 'a' }, { arguments: ':1}' })],
      ],
      both,
    ],
    [
      'with the id, type and name on every delta',
      [
        [call({ index: 0, id: 'a', type: 'function' }, { name: 'f', arguments: '{"a"' })],
        [call({ index: 0, id: 'a', type: 'function' }, { name: 'f', arguments: ':1}' })],
        [call({ index: 1, id: 'b' }, g)],
      ],
      both,
    ],
    [
      'with null names and ids later',
      [
        [call({ index: 0, id: 'a' }, { name: 'f', arguments: '{"a"' })],
        [call({ index: 0, id: null, type: null }, { name: null, arguments: ':1}' })],
        [call({ index: 1, id: 'b' }, g)],
      ],
      both,
    ],
    [
      'with a fresh id on every delta',
      [
        [call({ index: 0, id: 'a' }, { name: 'f', arguments: '{"a"' })],
        [call({ index: 0, id: 'a2' }, { arguments: ':1}' })],
        [call({ index: 1, id: 'b' }, g)],
      ],
      both,
    ],
    [
      'with arguments as objects',
      [
        [
          call({ index: 0, id: 'a' }, { name: 'f', arguments: { a: 1 } }),
          call({ index: 1, id: 'b' }, { name: 'g', arguments: { b: 2 } }),
        ],
      ],
      both,
    ],
    [
      'with null arguments first',
      [
        [call({ index: 0, id: 'a' }, { name: 'f', arguments: null })],
        [call({ index: 0 }, { arguments: '{"a":1}' })],
        [call({ index: 1, id: 'b' }, g)],
      ],
      both,
    ],
    [
      'with an id of its own call as null',
      [[call({ index: 0, id: null }, f)], [call({ index: 1, id: '' }, g)]],
      both,
    ],
    ['without arguments', [[call({ index: 0, id: 'a' }, { name: 'f' })]], [{ name: 'f', arguments: '{}' }]],
    [
      'with empty arguments',
      [[call({ index: 0, id: 'a' }, { name: 'f', arguments: '' })]],
      [{ name: 'f', arguments: '{}' }],
    ],
    [
      'with the word null as arguments',
      [[call({ index: 0, id: 'a' }, { name: 'f', arguments: 'null' })]],
      [{ name: 'f', arguments: '{}' }],
    ],
  ])('%s are told apart', (_, list, expected) => {
    const rules = start()
    const { entries, reason } = run(rules, list)
    const calls = assembled(entries)
    expect(calls.map(({ name, arguments: text }) => ({ name, arguments: text }))).toEqual(expected)
    expect(new Set(calls.map(({ id }) => id)).size).toBe(calls.length)
    expect(reason).toBe('tool_calls')
    expect(rules.sawContent).toBe(true)
  })

  test('that end with stop end with tool_calls', () => {
    expect(run(start(), [[call({ index: 0, id: 'a' }, f)]], 'stop').reason).toBe('tool_calls')
    expect(run(start(), [[call({ index: 0, id: 'a' }, f)]], 'length').reason).toBe('length')
  })

  test('with arguments missing in the chunk that finishes get them there', () => {
    const rules = start()
    const whole = frame(
      { tool_calls: [call({ index: 0, id: 'a', type: 'function' }, { name: 'f', arguments: '' })] },
      'tool_calls',
    )
    expect(rules.inspect(whole)).toBe('changed')
    expect(whole['choices']).toMatchObject([
      { delta: { tool_calls: [call({ index: 0, id: 'a' }, { name: 'f', arguments: '{}' })] } },
    ])
  })

  test('are closed when the upstream forgets to', () => {
    const rules = start()
    run(rules, [[call({ index: 0, id: 'a' }, { name: 'f', arguments: '' })]], null)
    expect(rules.closing()).toEqual([
      frame({ tool_calls: [call({ index: 0 }, { arguments: '{}' })] }, 'tool_calls'),
    ])
  })

  test('that are empty mean nothing', () => {
    const rules = start()
    expect(rules.inspect(frame({ content: 'a', tool_calls: [] }))).toBe('pass')
    expect(rules.inspect(frame({}, 'stop'))).toBe('pass')
  })

  test('that are null mean nothing, and go', () => {
    const rules = start()
    const none = frame({ content: 'a', tool_calls: null })
    expect(rules.inspect(none)).toBe('changed')
    expect(none).toEqual(frame({ content: 'a' }))
    expect(rules.inspect(frame({}, 'stop'))).toBe('pass')
  })

  test('that are no objects are left out', () => {
    const odd = frame({ content: 'a', tool_calls: [null, 'x'] })
    expect(start().inspect(odd)).toBe('changed')
    expect(odd['choices']).toMatchObject([{ delta: { content: 'a' } }])
    expect(
      assembled(run(start(), [[null as unknown as Entry, call({ index: 3, id: 'a' }, f)]]).entries),
    ).toHaveLength(1)
  })

  test('of other types keep their own member', () => {
    const custom = { index: 0, id: 'a', type: 'custom', custom: { name: 'f', input: 'x' } }
    expect(start().inspect(frame({ tool_calls: [custom] }))).toBe('pass')
  })

  test('in any fragments and any style come out as they went in', () => {
    // Without backslashes: this Node's JSON.parse misreads some keys that follow one with a backslash.
    const argument = fc.dictionary(
      fc.string().filter((key) => !key.includes('\\')),
      fc.oneof(fc.string(), fc.integer(), fc.boolean()),
    )
    const calls = fc.array(
      fc.record({
        name: fc.constantFrom('f', 'g', 'get_weather'),
        value: argument,
        cuts: fc.array(fc.nat(30), { maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 4 },
    )
    const style = fc.constantFrom(
      'index and id',
      'id only',
      'index only',
      'id on every delta',
      'from index 1',
      'index 0 and id',
    )
    fc.assert(
      fc.property(calls, style, fc.array(fc.nat(3), { maxLength: 20 }), (wanted, how, order) => {
        const queues = wanted.map(({ name, value, cuts }, at) => {
          const source = JSON.stringify(value)
          const points = [0, ...cuts.map((cut) => Math.min(cut, source.length)), source.length].sort(
            (a, b) => a - b,
          )
          return points.slice(1).map((point, piece): Entry => {
            const inner: Entry = { arguments: source.slice(points[piece], point) }
            if (piece === 0) inner['name'] = name
            const entry: Entry = { function: inner }
            if (how !== 'id only')
              entry['index'] = how === 'from index 1' ? at + 1 : how === 'index 0 and id' ? 0 : at
            const always = ['id only', 'id on every delta', 'index 0 and id'].includes(how)
            if (how !== 'index only' && (piece === 0 || always)) entry['id'] = `id${at}`
            return entry
          })
        })
        // Calls start in order, as they do everywhere, and then interleave at will.
        const list = queues.map((queue) => queue.shift() ?? {})
        for (const pick of order) list.push(...(queues[pick % queues.length]?.splice(0, 1) ?? []))
        list.push(...queues.flat())
        const { entries } = run(
          start(),
          list.map((entry) => [entry]),
        )
        const got = assembled(entries).map((each) => ({
          name: each['name'],
          value: JSON.parse(String(each['arguments'])) as unknown,
        }))
        expect(got).toEqual(
          wanted.map(({ name, value }) => ({ name, value: JSON.parse(JSON.stringify(value)) as unknown })),
        )
      }),
      { numRuns: 500 },
    )
  })
})

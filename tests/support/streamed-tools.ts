import * as fc from 'fast-check'
import { chatHead, delta, done, frame } from './chat-frames.ts'

/** A call and the pieces in which its arguments are streamed. */
export interface FragmentedCall {
  readonly name: string
  /** What the pieces add up to. */
  readonly arguments: unknown
  readonly pieces: readonly string[]
}

// Without backslashes: this Node's JSON.parse misreads some keys that follow one with a backslash.
const json = fc.dictionary(
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((key) => key !== '__proto__' && !key.includes('\\')),
  fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 12 }),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string({ unit: 'binary', maxLength: 3 }), { maxLength: 3 }),
  ),
  { maxKeys: 4 },
)

/** One to five calls with any arguments, their JSON cut anywhere. Names may repeat. */
export const fragmentedCalls: fc.Arbitrary<readonly FragmentedCall[]> = fc.array(
  fc
    .record({
      name: fc.stringMatching(/^[a-z]{1,6}$/),
      given: json,
      cuts: fc.array(fc.nat(200), { maxLength: 6 }),
    })
    .map(({ name, given, cuts }) => {
      // The sign of damaged text must only appear when text is damaged.
      const text = JSON.stringify(given).replaceAll('\uFFFD', '?')
      return { name, arguments: JSON.parse(text) as unknown, pieces: cutText(text, cuts) }
    }),
  { minLength: 1, maxLength: 5 },
)

function cutText(text: string, cuts: readonly number[]): string[] {
  const places = [...new Set(cuts.map((cut) => cut % text.length))].sort((a, b) => a - b)
  const bounds = [0, ...places.filter((place) => place > 0), text.length]
  // A surrogate pair that is cut in two has no UTF-8: vendors cut between characters.
  return bounds
    .slice(1)
    .map((end, at) => [bounds[at]!, end] as const)
    .filter(([, end]) => !splitsPair(text, end))
    .reduce<{ pieces: string[]; from: number }>(
      ({ pieces, from }, [, end]) => ({ pieces: [...pieces, text.slice(from, end)], from: end }),
      { pieces: [], from: 0 },
    ).pieces
}

function splitsPair(text: string, at: number): boolean {
  const code = text.charCodeAt(at - 1)
  return at < text.length && code >= 0xd800 && code < 0xdc00
}

/** The order in which pieces go out: each number names a call with something left to say. */
export function interleave(
  calls: readonly FragmentedCall[],
  order: readonly number[],
): readonly [number, string][] {
  const left = calls.map((call) => [...call.pieces])
  const sent: [number, string][] = []
  for (let turn = 0; ; turn++) {
    const open = left.flatMap((pieces, call) => (pieces.length > 0 ? [call] : []))
    if (open.length === 0) return sent
    const call = open[(order[turn % Math.max(1, order.length)] ?? 0) % open.length]!
    sent.push([call, left[call]!.shift()!])
  }
}

/** The calls as an OpenAI stream: every call is opened in order, then pieces come in any order. */
export function openaiToolStream(calls: readonly FragmentedCall[], order: readonly number[]): string[] {
  const call = (index: number, part: object) => delta({ tool_calls: [{ index, ...part }] })
  return [
    delta({ role: 'assistant', content: null }),
    ...calls.map(({ name }, index) =>
      call(index, { id: `call_${index}`, type: 'function', function: { name, arguments: '' } }),
    ),
    ...interleave(calls, order).map(([index, piece]) => call(index, { function: { arguments: piece } })),
    delta({}, 'tool_calls'),
    frame({ ...chatHead, choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } }),
    done,
  ]
}

/** How a server departs from the dialect; one of them holds for a whole stream. */
export const habits = [
  'no id',
  'no index',
  'index 0 for all',
  'index from 1',
  'id on every delta',
  'name null later',
  'arguments null at first',
  'no arguments at first',
  'no type',
  'whole call in one delta',
  'all calls in one delta',
  'finish stop',
] as const
export type Habit = (typeof habits)[number]

/** The calls, one behind the other, as a server with that habit streams them. */
export function habitualToolStream(calls: readonly FragmentedCall[], habit: Habit): string[] {
  const entries = calls.flatMap((call, at) => habitualDeltas(call, at, habit))
  return [
    delta({ role: 'assistant', content: null }),
    ...(habit === 'all calls in one delta'
      ? [delta({ tool_calls: entries })]
      : entries.map((entry) => delta({ tool_calls: [entry] }))),
    delta({}, habit === 'finish stop' ? 'stop' : 'tool_calls'),
    done,
  ]
}

function habitualDeltas({ name, pieces }: FragmentedCall, at: number, habit: Habit): object[] {
  const id = habit === 'no id' ? {} : { id: `call_${at}` }
  const index = habit === 'no index' ? {} : { index: indexOf(at, habit) }
  const type = habit === 'no type' ? {} : { type: 'function' }
  const first = (given: object) => ({ ...index, ...id, ...type, function: { name, ...given } })
  if (habit.includes('one delta')) return [first({ arguments: pieces.join('') })]
  const later = habit === 'id on every delta' ? { ...id, ...type } : {}
  const again = habit === 'name null later' ? { name: null } : {}
  return [
    first(openingArguments(habit)),
    ...pieces.map((piece) => ({ ...index, ...later, function: { ...again, arguments: piece } })),
  ]
}

function indexOf(at: number, habit: Habit): number {
  if (habit === 'index 0 for all') return 0
  return habit === 'index from 1' ? at + 1 : at
}

function openingArguments(habit: Habit): object {
  if (habit === 'no arguments at first') return {}
  return { arguments: habit === 'arguments null at first' ? null : '' }
}

/** The calls as an Anthropic stream: content blocks behind a text block. */
export function anthropicToolStream(calls: readonly FragmentedCall[], order: readonly number[]): string[] {
  const event = (type: string, members: object) => `event: ${type}\n${frame({ type, ...members })}`
  const block = (index: number, content_block: object) =>
    event('content_block_start', { index, content_block })
  const stop = (index: number) => event('content_block_stop', { index })
  const message = { id: 'msg_test', type: 'message', role: 'assistant', model: 'mock-any', content: [] }
  const opened = {
    ...message,
    stop_reason: null,
    stop_sequence: null,
    usage: { input_tokens: 1, output_tokens: 1 },
  }
  return [
    event('message_start', { message: opened }),
    block(0, { type: 'text', text: '' }),
    event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: 'Calling.' } }),
    stop(0),
    ...calls.map(({ name }, at) => block(at + 1, { type: 'tool_use', id: `toolu_${at}`, name, input: {} })),
    ...interleave(calls, order).map(([at, partial_json]) =>
      event('content_block_delta', { index: at + 1, delta: { type: 'input_json_delta', partial_json } }),
    ),
    ...calls.map((_, at) => stop(at + 1)),
    event('message_delta', {
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 1 },
    }),
    event('message_stop', {}),
  ]
}

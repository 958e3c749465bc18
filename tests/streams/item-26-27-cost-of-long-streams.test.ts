import { afterAll, beforeAll, expect, test } from 'vitest'
import { chatHead, delta, done, finish, frame, role } from '../support/chat-frames.ts'
import { type PiecesGateway, type PiecesWire, piecesGateway } from '../support/pieces.ts'

const short = 2000
const long = 20_000
/**
 * Ten times the chunks cost about ten times the processor time, whatever else the machine does; work that is quadratic costs up to
 * a hundred. The limit lies between the two with room for noise: this test is about the growth, `bench/` about the cost.
 */
const mostRatio = 25
/** One quiet moment of the machine is enough. */
const mostTries = 12

let openai: PiecesGateway
let anthropic: PiecesGateway
beforeAll(async () => {
  openai = await piecesGateway('openai')
  anthropic = await piecesGateway('anthropic')
})
afterAll(async () => {
  await openai[Symbol.asyncDispose]()
  await anthropic[Symbol.asyncDispose]()
})

const kinds: readonly { kind: string; wire: PiecesWire; frames: (count: number) => string[] }[] = [
  {
    kind: 'relayed text',
    wire: 'openai',
    frames: (count) => [role, ...repeat(count, delta({ content: 'word ' })), finish(), done],
  },
  {
    kind: 'relayed text that must be mended',
    wire: 'openai',
    frames: (count) => {
      const choices = [{ index: 0, delta: { content: 'word ' }, finish_reason: '' }]
      const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }
      return [role, ...repeat(count, frame({ ...chatHead, choices, usage })), finish(), done]
    },
  },
  {
    kind: 'arguments of a tool call without an id',
    wire: 'openai',
    frames: (count) => [
      delta({ tool_calls: [{ index: 0, function: { name: 'get_weather', arguments: '{"a":"' } }] }),
      ...repeat(count, delta({ tool_calls: [{ index: 0, function: { arguments: 'word ' } }] })),
      delta({ tool_calls: [{ index: 0, function: { arguments: '"}' } }] }),
      finish('tool_calls'),
      done,
    ],
  },
  {
    kind: 'translated text',
    wire: 'anthropic',
    frames: (count) =>
      anthropicFrames(count, { type: 'text', text: '' }, { type: 'text_delta', text: 'word ' }),
  },
  {
    kind: 'translated arguments of a tool call',
    wire: 'anthropic',
    frames: (count) =>
      anthropicFrames(
        count,
        { type: 'tool_use', id: 'toolu_1', name: 'get_weather', input: {} },
        { type: 'input_json_delta', partial_json: 'word ' },
      ),
  },
]

test.each(kinds)(
  'ten times the chunks of $kind cost nothing like a hundred times as much',
  async ({ wire, frames }) => {
    const from = wire === 'openai' ? openai : anthropic
    const [few, many] = [short, long].map((count) => frames(count).map((text) => Buffer.from(text)))
    // The first runs are slower: nothing is compiled yet.
    for (let run = 0; run < 5; run++) await cost(from, few!)
    let leastFew = Infinity
    let leastMany = Infinity
    for (let run = 0; run < mostTries; run++) {
      leastFew = Math.min(leastFew, await cost(from, few!))
      leastMany = Math.min(leastMany, await cost(from, many!))
      if (run > 0 && leastMany / leastFew <= mostRatio) break
    }
    expect(leastMany / leastFew).toBeLessThanOrEqual(mostRatio)
  },
)

/** Microseconds of processor time for one stream, each frame arriving alone. */
async function cost(from: PiecesGateway, pieces: readonly Buffer[]): Promise<number> {
  const before = process.cpuUsage()
  const { text } = await from.stream(pieces)
  const { user, system } = process.cpuUsage(before)
  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  return user + system
}

function repeat(count: number, text: string): string[] {
  return Array.from({ length: count }, () => text)
}

function anthropicFrames(count: number, content_block: object, delta: object): string[] {
  const event = (type: string, members: object) => `event: ${type}\n${frame({ type, ...members })}`
  const message = { id: 'msg_test', type: 'message', role: 'assistant', model: 'any', content: [] }
  const usage = { input_tokens: 1, output_tokens: 1 }
  const stop_reason = 'input' in content_block ? 'tool_use' : 'end_turn'
  return [
    event('message_start', { message: { ...message, stop_reason: null, stop_sequence: null, usage } }),
    event('content_block_start', { index: 0, content_block }),
    ...repeat(count, event('content_block_delta', { index: 0, delta })),
    event('content_block_stop', { index: 0 }),
    event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage }),
    event('message_stop', {}),
  ]
}

import { expect, test } from 'vitest'
import { SummaryModel, type SummaryModelOptions } from '../../test/summary-model.ts'
import { charSizer, type Sizer } from './sizer.ts'
import { summarise } from './summariser.ts'
import { AskFailed, SummaryFailed } from './summary-io.ts'

/** One token for each character. */
const exact: Sizer = { tokens: (text) => text.length, exact: true }

/** About as many tokens as that, by `charSizer`. */
function textOf(tokens: number): string {
  return Array.from({ length: tokens / 2 }, (_, at) => String(at).padStart(7, '0')).join(' ')
}

/** Everything that can go on without the world has. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** What a summary failed with. */
async function failure(
  model: SummaryModel,
  order: { before?: string; transcript: string },
): Promise<SummaryFailed> {
  const error: unknown = await summarise({ before: order.before, transcript: order.transcript }, model).then(
    () => 'no failure',
    (reason: unknown) => reason,
  )
  if (!SummaryFailed.is(error)) throw new Error(`unexpected: ${String(error)}`)
  return error
}

test('what fits is one call, with the earlier summary in front', async () => {
  const model = new SummaryModel({ window: 4000 })
  const { text, spent } = await summarise({ before: 'tea', transcript: '<turn 1 user>\nHi' }, model)
  expect(text).toBe('summary 1.')
  expect(spent).toEqual({ calls: 1, inputTokens: 100, outputTokens: 10, durationMs: 5 })
  expect(model.asked[0]!.content).toMatch(/^<summary-\w+>\ntea\n.*\n\n<transcript-\w+>\n<turn 1 user>\nHi\n/)
  expect(model.abandoned).toBe(0)
})

test.each<{
  what: string
  options: SummaryModelOptions
  before?: string
  transcript: string
  tokens: number
}>([
  { what: 'half of the characters', options: {}, transcript: 'a'.repeat(201), tokens: 101 },
  { what: 'the most', options: {}, transcript: 'a'.repeat(5000), tokens: 512 },
  {
    what: 'half of the tokens',
    options: { sizer: { ...charSizer, exact: true } },
    transcript: 'a'.repeat(400),
    tokens: 50,
  },
  {
    what: 'by the configuration',
    options: { settings: { adaptive_factor: 0.1, max_tokens_default: 30 } },
    transcript: 'a'.repeat(200),
    tokens: 20,
  },
  {
    what: 'an earlier summary counts whole, so that it does not fade away turn by turn',
    options: { sizer: { ...charSizer, exact: true } },
    before: 'b'.repeat(1600),
    transcript: 'a'.repeat(400),
    tokens: 450,
  },
  {
    what: 'a quarter of a small window',
    options: { window: 2000 },
    transcript: 'a'.repeat(2000),
    tokens: 450,
  },
  {
    what: 'one, if it is nothing',
    options: { sizer: { tokens: () => 0, exact: true } },
    transcript: ' ',
    tokens: 1,
  },
])('tokens of an answer: $what', async ({ options, before, transcript, tokens }) => {
  const model = new SummaryModel(options)
  await summarise({ before, transcript }, model)
  expect(model.asked.map(({ maxTokens }) => maxTokens)).toEqual([tokens])
})

test('nothing new: the earlier summary as it is, without a call; nothing at all is a failure', async () => {
  const model = new SummaryModel()
  expect(await summarise({ before: 'tea', transcript: '' }, model)).toMatchObject({
    text: 'tea',
    spent: { calls: 0 },
  })
  expect(await failure(model, { transcript: '' })).toMatchObject({ reason: 'failed', spent: { calls: 0 } })
})

test.each(['', ' \n ', '<think>and nothing else', '<think>first</think>\n'])(
  'an answer that says nothing is a failure, and paid for: %j',
  async (answer) => {
    const failed = await failure(new SummaryModel({ answer: () => answer }), { transcript: 'Hi' })
    expect(failed).toMatchObject({
      reason: 'failed',
      spent: { calls: 1, inputTokens: 100, outputTokens: 10, durationMs: 5 },
    })
  },
)

test('thoughts in front of a summary are no part of it', async () => {
  const model = new SummaryModel({ answer: () => '\n<think>Hm.</think>\n\nTea <think> \n' })
  expect((await summarise({ before: undefined, transcript: 'Hi' }, model)).text).toBe('Tea <think>')
})

test('in pieces, at most four at a time, then a summary of the summaries, in order', async () => {
  const answers = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']
  const waits = [40, 0, 30, 20, 10, 0]
  const model = new SummaryModel({
    window: 3000,
    answer: async (call) => {
      for (let at = 0; at < (waits[call - 1] ?? 0); at += 1) await Promise.resolve()
      return answers[call - 1] ?? 'all'
    },
  })
  const transcript = textOf(9000)
  const { text, spent } = await summarise({ before: 'tea', transcript }, model)
  expect(text).toBe('all')
  expect(spent).toMatchObject({ calls: 7, inputTokens: 700, outputTokens: 70 })
  expect(model.transcripts.toSorted().join('') === transcript).toBe(true)
  expect(model.mostRunning).toBe(4)
  const merge = model.asked.at(-1)!.content
  expect(merge.match(/(?<=^<summary-\w+-\d>\n)\w+$/gm)).toEqual(['tea', ...answers])
  expect(model.asked.slice(0, -1).every(({ content }) => !content.includes('tea'))).toBe(true)
})

test('summaries that do not fit one call are merged by those that do', async () => {
  const model = new SummaryModel({ window: 2000, answer: (call) => `${call}:`.padEnd(1500, 'x') })
  const { text, spent } = await summarise({ before: undefined, transcript: textOf(6000) }, model)
  expect(text.startsWith(`${spent.calls}:`)).toBe(true)
  const merges = model.asked.filter(({ content }) => content.startsWith('<summary-'))
  expect(merges.length).toBeGreaterThan(1)
  // Each answer is in one merge, but the last, which is the summary.
  const told = merges.flatMap(({ content }) => content.match(/(?<=\n)\d+(?=:x)/g) ?? [])
  expect(told.map(Number).toSorted((a, b) => a - b)).toEqual(model.asked.slice(1).map((_, at) => at + 1))
})

test('an earlier summary that is too long for this model is summarised as well', async () => {
  const before = textOf(4000)
  const model = new SummaryModel({ window: 3000 })
  await summarise({ before, transcript: 'Hi' }, model)
  expect(model.transcripts.filter((text) => text !== 'Hi').join('')).toBe(before)
  expect(model.transcripts).toContain('Hi')
})

test.each<{ tells: 'both' | 'limit' | 'nothing'; refused: number; calls: number }>([
  { tells: 'both', refused: 1, calls: 8 },
  { tells: 'limit', refused: 1, calls: 8 },
  { tells: 'nothing', refused: 2, calls: 10 },
])(
  'a window that nobody knew is learnt from refusals that name $tells',
  async ({ tells, refused, calls }) => {
    const model = new SummaryModel({ limit: 3000, tells })
    const transcript = textOf(10_000)
    await summarise({ before: undefined, transcript }, model)
    expect(model.transcripts.toSorted().join('') === transcript).toBe(true)
    expect(model.asked.length - model.answered.length).toBe(refused)
    expect(model.asked.length).toBeLessThanOrEqual(calls)
  },
)

test('a guess is tried by one call, and the others wait for it', async () => {
  const model = new SummaryModel({ limit: 3000, tells: 'nothing' })
  const running: number[] = []
  const ask = model.ask.bind(model)
  model.ask = (messages, maxTokens) => {
    running.push(model.running)
    return ask(messages, maxTokens)
  }
  await summarise({ before: undefined, transcript: textOf(10_000) }, model)
  // The whole, a half, and a quarter, which fits; then as many as may be.
  expect(running.slice(0, 7)).toEqual([0, 0, 0, 0, 1, 2, 3])
})

test.each<{ window: number | undefined; refused: number }>([
  { window: undefined, refused: 1 },
  // As many as run by then, but the last, which is shorter.
  { window: 3000, refused: 3 },
])('a vendor that counts twice of what is estimated is believed: $window', async ({ window, refused }) => {
  const count = (text: string) => Math.ceil(text.length / 2)
  const model = new SummaryModel({ ...(window !== undefined && { window }), limit: 3000, count })
  const transcript = textOf(6000)
  await summarise({ before: undefined, transcript }, model)
  expect(model.transcripts.toSorted().join('') === transcript).toBe(true)
  expect(model.asked.length - model.answered.length).toBe(refused)
})

test('one piece without an answer is a failure of all', async () => {
  const model = new SummaryModel({ window: 3000, answer: (call) => (call === 2 ? ' ' : 'x') })
  expect(await failure(model, { transcript: textOf(5000) })).toMatchObject({ reason: 'failed' })
})

test('a tokenizer that breaks is a failure like any other', async () => {
  const error = new RangeError('too deep')
  const tokens = () => {
    throw error
  }
  const failed = await failure(new SummaryModel({ sizer: { tokens, exact: true } }), { transcript: 'Hi' })
  expect(failed).toMatchObject({ reason: 'failed', cause: error, spent: { calls: 0 } })
})

test('pieces that turn out to be too large are given up when those that wait take all the calls', async () => {
  const model = new SummaryModel({ window: 3000, limit: 1800, tells: 'limit' })
  const failed = await failure(model, { transcript: textOf(31_000) })
  expect(failed).toMatchObject({ reason: 'too_large', spent: { calls: 4 } })
  expect(model.abandoned).toBe(1)
})

test('what takes too many calls is not begun when that is known', async () => {
  const model = new SummaryModel({ window: 2000 })
  expect(await failure(model, { transcript: textOf(60_000) })).toMatchObject({
    reason: 'too_large',
    spent: { calls: 0, inputTokens: 0, outputTokens: 0, durationMs: 0 },
  })
})

test('the last of the calls is kept for the summary of the summaries', async () => {
  const [made, givenUp] = [new Set<number>(), new Set<number>()]
  for (let tokens = 18_000; tokens < 26_000; tokens += 400) {
    const model = new SummaryModel({ window: 2000, answer: () => 'x' })
    const isMade = await summarise({ before: undefined, transcript: textOf(tokens) }, model).catch(
      () => false,
    )
    const calls = isMade === false ? givenUp : made
    calls.add(model.asked.length)
  }
  expect(Math.max(...made)).toBe(24)
  // Given up before the first.
  expect([...givenUp]).toEqual([0])
})

test.each<SummaryModelOptions>([
  { limit: 0, tells: 'nothing' },
  { limit: 0, tells: 'both' },
  { limit: 300, tells: 'limit' },
  { window: 100 },
  { window: 3000, limit: 0, tells: 'nothing' },
  { limit: 1_000_000, count: () => 2_000_000 },
])('a model that takes nothing: %j', async (options) => {
  const model = new SummaryModel(options)
  const { reason, spent } = await failure(model, { before: textOf(100), transcript: textOf(20_000) })
  expect(reason).toBe('too_large')
  expect(spent.calls).toBe(model.asked.length)
  expect(model.asked.length).toBeLessThanOrEqual(12)
})

test('summaries that never become fewer are given up', async () => {
  const model = new SummaryModel({ window: 2400, answer: () => 'x'.repeat(6000) })
  expect((await failure(model, { transcript: textOf(6000) })).reason).toBe('too_large')
  expect(model.asked.length).toBeLessThan(10)
})

test.each<{ error: unknown; reason: string }>([
  { error: new AskFailed('timeout'), reason: 'timeout' },
  { error: new AskFailed('cancelled'), reason: 'cancelled' },
  { error: new AskFailed('budget'), reason: 'budget' },
  { error: new AskFailed('failed'), reason: 'failed' },
  { error: new TypeError('x is not a function'), reason: 'failed' },
  { error: undefined, reason: 'failed' },
])(
  'the first failure ends it ($reason): nothing else is begun, what runs is abandoned',
  async ({ error, reason }) => {
    const ends: (() => void)[] = []
    const model = new SummaryModel({
      window: 3000,
      answer: (call) =>
        new Promise((resolve, reject) => {
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- anything can be thrown
          ends[call] = () => (call === 3 ? reject(error) : resolve('late'))
        }),
    })
    const failing = failure(model, { transcript: textOf(16_000) })
    await settled()
    ends[2]!()
    await settled()
    expect(model.asked.length).toBe(5)
    ends[3]!()
    const failed = await failing
    expect(failed).toMatchObject({ reason, cause: error })
    expect(failed.spent).toMatchObject({ calls: 5, inputTokens: 100, outputTokens: 10 })
    expect(model.abandoned).toBe(1)
    for (const at of [1, 4, 5]) ends[at]!()
    await settled()
    expect(model.asked.length).toBe(5)
    expect(model.abandoned).toBe(1)
  },
)

test('an exact sizer has a little room to spare, an estimate more', async () => {
  const sizes = async (sizer: Sizer) => {
    const model = new SummaryModel({ window: 10_000, sizer })
    const unit = sizer.exact ? 1 : 4
    await summarise({ before: undefined, transcript: 'a'.repeat(30_000 * unit) }, model)
    return Math.max(...model.asked.map(({ size }) => size))
  }
  const [counted, estimated] = await Promise.all([sizes(exact), sizes(charSizer)])
  expect(counted).toBeGreaterThan(9000)
  expect(counted).toBeLessThanOrEqual(9700)
  expect(estimated).toBeLessThanOrEqual(9000)
})

test('a summary that is far longer than it was allowed to be loses its end', async () => {
  const model = new SummaryModel({ answer: () => 'word '.repeat(200_000) })
  const { text } = await summarise({ before: undefined, transcript: '<turn 1 user>\nHi' }, model)
  expect('word '.repeat(200_000).startsWith(text)).toBe(true)
  expect(charSizer.tokens(text)).toBeLessThanOrEqual(2 * 512)
  expect(charSizer.tokens(text)).toBeGreaterThan(512)
})

import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { SummaryModel, type SummaryModelOptions } from '../../test/summary-model.ts'
import { charSizer, type Sizer, tokenizerSizer } from './sizer.ts'
import { type Summary, summarise } from './summariser.ts'
import { mostCalls } from './summary-calls.ts'
import { SummaryFailed } from './summary-io.ts'
import { transcriptOf } from './transcript.ts'

/** One for each conversation: that of a tokenizer remembers what it has counted. */
const sizers: readonly (() => Sizer)[] = [
  () => charSizer,
  () => ({ tokens: (text) => Math.ceil(text.length / 3), exact: true }),
  // Not monotonous, as sizes from samples may be.
  () => ({ tokens: (text) => Math.ceil((text.length * (20 + (text.length % 7))) / 80), exact: true }),
  () => tokenizerSizer((text) => Math.ceil((text.length + text.split(' ').length) / 4)),
]

const content = fc
  .tuple(
    fc.array(
      fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.constantFrom('\n', '😀'.repeat(40), ' a b ', '<turn 1 user>'),
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    ),
    fc.nat({ max: 60 }),
  )
  .map(([parts, times]) =>
    parts
      .map((part) => `${part}§`)
      .join('')
      .repeat(1 + times),
  )

/** Conversations, and prompts without turns, of up to about 20,000 tokens. Numbers stand in them, so that no two places are alike. */
const transcript = fc
  .record({ contents: fc.array(content, { minLength: 1, maxLength: 30 }), isPrompt: fc.boolean() })
  .map(({ contents, isPrompt }) => {
    const messages = contents.map((text) => ({ role: 'user', content: text }))
    const text = isPrompt ? contents.join('\n') : transcriptOf(messages).text
    let place = 0
    return text.replaceAll('§', () => `${(place += 1)};`)
  })

const before = fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 3000, size: 'max' }), {
  nil: undefined,
})

interface Order {
  readonly before: string | undefined
  readonly transcript: string
}

async function outcome(model: SummaryModel, order: Order): Promise<Summary | SummaryFailed> {
  try {
    return await summarise(order, model)
  } catch (error) {
    if (SummaryFailed.is(error)) return error
    throw error
  }
}

const head = /^<turn \d+ [^>\n]*, continued>\n/

/** What remains of a text, from its beginning on, when the pieces are taken from it in whatever order they are. */
function uncovered(text: string, pieces: readonly string[]): string {
  const left = new Set(pieces.toSorted((one, other) => other.length - one.length))
  let rest = text
  while (rest !== '') {
    const next = [...left].find((piece) => rest.startsWith(piece) || rest.startsWith(piece.replace(head, '')))
    if (next === undefined) return rest
    left.delete(next)
    rest = rest.slice(rest.startsWith(next) ? next.length : next.replace(head, '').length)
  }
  return ''
}

/** Answers that are told apart, some of them longer than they should be, though not so long that their ends are cut. */
const answers = fc.constantFrom<NonNullable<SummaryModelOptions['answer']>>(
  (call) => `answer ${call}.`,
  (call, maxTokens) => `answer ${call}.`.padEnd(maxTokens * 2, ' and so on'),
  (call, maxTokens) => `answer ${call}.`.padEnd(maxTokens * 2, '世'),
)

/** What is in no call that was answered: text, the earlier summary, and summaries but the one that was the last. */
function lost(model: SummaryModel, { before: earlier = '', transcript: text }: Order, made: Summary): object {
  const { answered, transcripts } = model
  const isShown = (said: string) => answered.some(({ content: shown }) => shown.includes(said.trim()))
  const summaries = answered.map(({ answer }) => answer).filter((answer) => answer.trim() !== made.text)
  return {
    text: uncovered(text, transcripts),
    before: isShown(earlier) ? '' : uncovered(earlier, transcripts),
    summaries: summaries.filter((summary) => !isShown(summary)),
  }
}

const nothing = { text: '', before: '', summaries: [] }

function expectWithinBounds(model: SummaryModel, made: Summary | SummaryFailed): void {
  expect(model.asked.length).toBeLessThanOrEqual(mostCalls)
  expect(model.mostRunning).toBeLessThanOrEqual(4)
  expect(made.spent.calls).toBe(model.asked.length)
  expect(model.asked.every(({ content: shown }) => shown.isWellFormed())).toBe(true)
  const [reason, abandoned] = SummaryFailed.is(made) ? [made.reason, model.abandoned] : ['too_large', 1]
  expect([reason, abandoned]).toEqual(['too_large', 1])
}

test('a window that is known: no call is above it, and all of the text is in a call', async () => {
  let many = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({ before, transcript }),
      fc.record({
        window: fc.integer({ min: 1500, max: 9000 }),
        sizer: fc.constantFrom(...sizers),
        answer: answers,
      }),
      async (order, options) => {
        const model = new SummaryModel({ ...options, sizer: options.sizer() })
        const made = await outcome(model, order)
        expectWithinBounds(model, made)
        expect(model.asked.every(({ size }) => size <= options.window)).toBe(true)
        if (SummaryFailed.is(made)) return
        expect(lost(model, order, made)).toEqual(nothing)
        many += model.asked.length > 2 ? 1 : 0
      },
    ),
    { numRuns: 150 },
  )
  expect(many).toBeGreaterThan(30)
})

test('a window that nobody knows, of a model that counts otherwise: all of the text is in a call that it took', async () => {
  let many = 0
  await fc.assert(
    fc.asyncProperty(
      fc.record({ before, transcript }),
      fc.record({
        limit: fc.integer({ min: 1800, max: 9000 }),
        tells: fc.constantFrom('both', 'limit', 'nothing'),
        sizer: fc.constantFrom(...sizers),
        answer: answers,
        count: fc.constantFrom<(text: string) => number>(
          (text) => Math.ceil(text.length / 2),
          (text) => Math.ceil(Buffer.byteLength(text) / 5),
        ),
      }),
      async (order, options) => {
        const model = new SummaryModel({ ...options, sizer: options.sizer() })
        const made = await outcome(model, order)
        expectWithinBounds(model, made)
        if (SummaryFailed.is(made)) return
        expect(lost(model, order, made)).toEqual(nothing)
        many += model.asked.length > 2 ? 1 : 0
      },
    ),
    { numRuns: 150 },
  )
  expect(many).toBeGreaterThan(30)
})

import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { agentTranscript, type Message, twoHundredTurns } from './support/agent-transcript.ts'
import { type Condensing, type CondensingOptions, startCondensing } from './support/condensing.ts'
import { drive, type TurnFindings } from './support/drive.ts'
import { lossesOf } from './support/losses.ts'

const strict = 'mock-strict-window-8000'
const transcript = agentTranscript(twoHundredTurns)
/** Enough for three windows: the cost of a run grows with the square of its length. */
const eighty = { requests: 80 }
const oneTurn = agentTranscript({ turns: 1, steps: 60, factEvery: 10, seed: 7 })

let gateway: Condensing | undefined
afterEach(() => gateway?.close())

async function condensing(options: Partial<CondensingOptions> = {}): Promise<Condensing> {
  gateway = await startCondensing({
    upstream: strict,
    summariser: 'mock-strict-window-32000-digest',
    ...options,
  })
  return gateway
}

/** What must hold whatever the settings are. */
function expectNothingLost(run: readonly TurnFindings[], of = transcript, mostAsked = 2): void {
  expect(run.filter(({ status }) => status !== 200)).toEqual([])
  expect(lossesOf(of, run)).toEqual({ repeated: [], unseen: [], forgotten: [] })
  expect(run.filter(({ condensed }) => condensed?.startsWith('truncated'))).toEqual([])
  // One summary for each request at most, and it was not asked for an answer again and again.
  const ids = gateway!.summaries.map(({ requestId }) => requestId)
  expect(new Set(ids).size).toBe(ids.length)
  expect(Math.max(...run.map(({ asked }) => asked))).toBeLessThanOrEqual(mostAsked)
  expect(run.filter(({ condensed }) => condensed?.startsWith('summary')).length).toBeGreaterThan(20)
}

const most = (run: readonly TurnFindings[], of: (turn: TurnFindings) => number) => Math.max(...run.map(of))
const total = (run: readonly TurnFindings[], of: (turn: TurnFindings) => number) =>
  run.reduce((sum, turn) => sum + of(turn), 0)
const messagesOf = ({ sent }: TurnFindings) => (JSON.parse(sent) as { messages: Message[] }).messages

describe('an agent sends its whole history each turn, to a model of 8,000 tokens', () => {
  test('two hundred turns: no error, no fact forgotten, a summary of what is new every ten turns', async () => {
    const run = await drive(await condensing(), transcript)
    expectNothingLost(run)
    expect(most(run, ({ summaries }) => summaries.length)).toBe(1)
    expect(total(run, ({ summaries }) => summaries.length)).toBeLessThan(25)
    expect(messagesOf(run.at(-1)!)[0]).toEqual(transcript.history[0])
  }, 60_000)

  test('summaries by a model with no more room than that', async () => {
    const run = await drive(await condensing({ summariser: `${strict}-digest` }), transcript, eighty)
    expectNothingLost(run)
    expect(total(run, ({ summaries }) => summaries.length)).toBeLessThan(15)
  })

  test('half of the window is for the latest turns', async () => {
    const options = { condensation: { recent_share: 0.5 } }
    const run = await drive(await condensing(options), transcript, eighty)
    expectNothingLost(run)
    const turns = messagesOf(run.at(-1)!).filter(({ role }) => role === 'user')
    expect(turns.length).toBeGreaterThan(2)
  })

  test('with a known window nothing is refused any more', async () => {
    const options = { contextWindow: 8000, condensation: { preflight: true } }
    const run = await drive(await condensing(options), transcript, eighty)
    expectNothingLost(run)
    expect(run.map(({ asked, refused }) => [asked, refused])).toEqual(run.map(() => [1, 0]))
  })

  test('prepared in the background, so that no client waits for a summary', async () => {
    // Below the limit by more than any turn adds.
    const ahead = { preflight: true, background: true, background_share: 0.5 }
    const options = { contextWindow: 8000, condensation: ahead }
    const { summariser, outcomes, summaries } = await condensing(options)
    const between = async () => {
      await sleep(5)
      while (summariser.requests.some(({ closedAt }) => closedAt === undefined)) await sleep(1)
    }
    const run = await drive(gateway!, transcript, { ...eighty, between })
    expectNothingLost(run)
    expect(summaries.map(({ background }) => background)).toEqual(summaries.map(() => true))
    const sources = outcomes.flatMap(({ condensed }) => condensed?.source ?? [])
    expect(new Set(sources)).toEqual(new Set(['cache']))
  })

  test('an error that names no numbers', async () => {
    const run = await drive(await condensing({ upstream: `${strict}-no-numbers` }), transcript, eighty)
    // How much fits has to be found out.
    expectNothingLost(run, transcript, 3)
    expect(run.filter(({ asked }) => asked > 2).length).toBeLessThan(5)
    expect(total(run, ({ summaries }) => summaries.length)).toBeLessThan(15)
  })

  test.each([0, 0.5])('over a wire with stricter rules for turns, recent_share: %s', async (share) => {
    const options = { wire: 'anthropic', condensation: { recent_share: share } } as const
    // Where the client names no max_tokens the provider has to, and may name one that is too large beside the prompt.
    expectNothingLost(await drive(await condensing(options), transcript, eighty), transcript, 3)
  })

  test.each([false, true])(
    'a text with twice the tokens that it seems to have, preflight: %s',
    async (preflight) => {
      const options = { upstream: `${strict}-dense`, contextWindow: 8000, condensation: { preflight } }
      const run = await drive(await condensing(options), transcript, eighty)
      expectNothingLost(run)
      expect(most(run, ({ summaries }) => summaries.length)).toBe(1)
    },
  )

  test('the same, where most of the window is for the latest turns: what was counted once is expected', async () => {
    const upstream = 'mock-strict-window-4000-dense'
    const condensation = { preflight: true, recent_share: 0.6 }
    const short = agentTranscript({ turns: 60, steps: 1, factEvery: 5, seed: 22 })
    const run = await drive(await condensing({ upstream, contextWindow: 4000, condensation }), short)
    expectNothingLost(run, short)
    expect(total(run, ({ refused }) => refused)).toBeLessThan(20)
  })

  test('one result with more tokens than any model has: its ends stay, and a summary tells of all of it', async () => {
    const huge = agentTranscript({ turns: 12, steps: 1, factEvery: 4, seed: 2, hugeLines: 600 })
    const run = await drive(await condensing({ summariser: `${strict}-digest` }), huge)
    expect(run.filter(({ status }) => status !== 200)).toEqual([])
    expect(lossesOf(huge, run)).toEqual({ repeated: [], unseen: [], forgotten: [] })
    const when = run.find(({ condensed }) => condensed !== null)!
    expect([when.asked, when.refused, gateway!.summaries.length]).toEqual([2, 1, 1])
    // The summariser has no more room: several requests, of which none has a line that another one has.
    expect(when.summaries.length).toBeGreaterThan(2)
    const result = messagesOf(when).find(({ role }) => role === 'tool')!.content!
    const original = huge.history.find(({ content }) => (content?.length ?? 0) > 20_000)!.content!
    const [head, tail] = result.split(/\n\[… .*\]\n/u)
    expect([original.startsWith(head!), original.endsWith(tail!)]).toEqual([true, true])
    expect(Math.min(head!.length, tail!.length)).toBeGreaterThan(4000)
  })

  test.each([
    { wire: 'openai', share: 0 },
    { wire: 'openai', share: 0.5 },
    { wire: 'anthropic', share: 0 },
  ] as const)(
    'sixty steps with tools within one turn: $wire, recent_share $share',
    async ({ wire, share }) => {
      const run = await drive(await condensing({ wire, condensation: { recent_share: share } }), oneTurn)
      expectNothingLost(run, oneTurn, wire === 'openai' ? 2 : 3)
      expect(most(run, ({ summaries }) => summaries.length)).toBe(1)
      expect(run.at(-1)!.sent).toContain(JSON.stringify(oneTurn.history[1]!.content))
    },
  )
})

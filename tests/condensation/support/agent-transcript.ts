// A long conversation with an agent, made by a seed: the same seed gives the same bytes.

export interface ToolCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

export type Message =
  | { readonly role: 'system' | 'user'; readonly content: string }
  | { readonly role: 'assistant'; readonly content: string | null; readonly tool_calls?: ToolCall[] }
  | { readonly role: 'tool'; readonly tool_call_id: string; readonly content: string }

/** Something that must not be forgotten, and from which message on it is known. */
export interface Fact {
  readonly text: string
  readonly message: number
}

/** What the client sends once: the first `until` messages of the history. */
export interface AgentRequest {
  readonly until: number
  readonly maxTokens?: number
}

export interface Transcript {
  /** Every line of it begins with a mark of its own: `#12r.3;` for the fourth one of a result, message 12. */
  readonly history: readonly Message[]
  readonly requests: readonly AgentRequest[]
  readonly facts: readonly Fact[]
  readonly tools: readonly object[]
}

export interface TranscriptPlan {
  readonly turns: number
  /** Steps with tools in each turn, at most one request for each. */
  readonly steps: number
  /** Turns (or steps, where there is one turn) for one fact. */
  readonly factEvery: number
  readonly seed: number
  /** Lines of one result half-way, with a fact in it. Default: there is no such result. */
  readonly hugeLines?: number
}

/** Two hundred turns; in four of five tools are called, up to three at once, with results of up to 2,000 tokens. */
export const twoHundredTurns: TranscriptPlan = { turns: 200, steps: 1, factEvery: 10, seed: 5 }

export const tools: readonly object[] = ['read_file', 'search', 'run_command'].map((name) => ({
  type: 'function',
  function: {
    name,
    description: `The tool ${name} of this workspace. It answers with text of several lines.`,
    parameters: {
      type: 'object',
      properties: { path: { type: 'string' }, note: { type: 'string' } },
      required: ['path'],
    },
  },
}))

const vocabulary =
  `anchor basin candle delta ember fossil garnet harbor island jacket kernel ladder marble nectar orchid pepper quartz ribbon saddle
  timber umbrella velvet walnut yonder zephyr über façade naïve 東京 résumé`.split(/\s+/)

type Place = 'user' | 'result' | 'call' | 'assistant'
const places: readonly Place[] = ['user', 'result', 'call', 'assistant']

/** What a conversation is written with. */
class Writing {
  readonly history: Message[] = []
  readonly facts: Fact[] = []
  readonly random: () => number
  /** The fact that is to be said next, and where. */
  #due: { readonly text: string; readonly place: Place } | undefined

  constructor(seed: number) {
    this.random = randomNumbers(seed)
  }

  below(limit: number): number {
    return Math.floor(this.random() * limit)
  }

  due(number: number, place: Place): void {
    const word = vocabulary[this.below(20)]!
    this.#due = {
      text: `PIN-${number}: vault ${number} opens with ${word}-${1000 + this.below(9000)}`,
      place,
    }
  }

  /** Lines with marks; the fact that is due here stands somewhere in the middle of one. */
  lines(count: number, place: Place): string {
    const message = this.history.length
    const due = this.#due?.place === place ? this.#due : undefined
    const chosen = due === undefined ? -1 : this.below(count)
    if (due !== undefined) {
      this.facts.push({ text: due.text, message })
      this.#due = undefined
    }
    return Array.from({ length: count }, (_, line) => {
      const told = line === chosen ? `; ${due!.text};` : ''
      return `#${message}${place[0]}.${line}; ${this.#words()}${told} ${this.#words()}`
    }).join('\n')
  }

  #words(): string {
    return Array.from({ length: 3 + this.below(6) }, () => vocabulary[this.below(vocabulary.length)]).join(
      ' ',
    )
  }
}

export function agentTranscript(plan: TranscriptPlan): Transcript {
  const writing = new Writing(plan.seed)
  const { history } = writing
  const requests: AgentRequest[] = []
  history.push({ role: 'system', content: '#0s.0; You are an agent. Use the tools.' })
  const units = plan.turns * plan.steps
  let unit = 0
  let dueAt = 0
  for (let turn = 0; turn < plan.turns; turn += 1) {
    for (let step = 0; step < plan.steps; step += 1, unit += 1) {
      if (unit % plan.factEvery === 0) dueAt = unit + writing.below(Math.min(plan.factEvery, units - unit))
      const isHuge = plan.hugeLines !== undefined && unit === Math.floor(units / 2)
      const calls = isHuge || plan.steps > 1 || writing.below(5) > 0
      if (unit === dueAt || isHuge) {
        const place = isHuge ? 'result' : placeOf(writing, calls, step)
        writing.due(1 + Math.floor(unit / plan.factEvery), place)
      }
      if (step === 0) history.push({ role: 'user', content: writing.lines(1 + writing.below(3), 'user') })
      if (calls) pushStep(writing, isHuge ? plan.hugeLines : undefined)
      requests.push({
        until: history.length,
        ...(unit % 3 === 1 && { maxTokens: 200 + 100 * writing.below(4) }),
      })
    }
    history.push({ role: 'assistant', content: writing.lines(1 + writing.below(3), 'assistant') })
  }
  return { history, requests, facts: writing.facts, tools }
}

/** Where a fact of this step is said: tools may not be called in it, and only the first step of a turn begins with the user. */
function placeOf(writing: Writing, calls: boolean, step: number): Place {
  const place = places[writing.below(places.length)]!
  if (step > 0) return place === 'user' ? 'result' : place
  return calls ? place : place === 'assistant' ? 'assistant' : 'user'
}

/** An assistant's calls and their results: mostly short, one in sixteen of nearly 2,000 tokens. */
function pushStep(writing: Writing, hugeLines: number | undefined): void {
  const { history } = writing
  const first = history.length
  const calls = Array.from({ length: 1 + writing.below(3) }, (_, index): ToolCall => ({
    id: `call_${first}_${index}`,
    type: 'function',
    function: {
      name: ['read_file', 'search', 'run_command'][writing.below(3)]!,
      arguments: JSON.stringify({
        path: `src/${first}.ts`,
        ...(index === 0 && { note: writing.lines(1, 'call') }),
      }),
    },
  }))
  const said = writing.below(2) === 0 ? null : writing.lines(1, 'assistant')
  history.push({ role: 'assistant', content: said, tool_calls: calls })
  for (const [index, call] of calls.entries()) {
    const usual = index === 0 && writing.below(16) === 0 ? 75 + writing.below(15) : 1 + writing.below(2)
    const count = index === 0 ? (hugeLines ?? usual) : usual
    history.push({ role: 'tool', tool_call_id: call.id, content: writing.lines(count, 'result') })
  }
}

/** Numbers in [0, 1), the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

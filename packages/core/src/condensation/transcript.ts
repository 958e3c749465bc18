import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { leave, type LeftOut, quoted, spoken } from './transcript-parts.ts'

/** A conversation as text. */
export interface WrittenTranscript {
  /** Each turn begins with a line such as `<turn 3 user>`, which no message can write. */
  readonly text: string
  /** What it could not say, each with its number: `{ image: 2 }`. */
  readonly leftOut: Readonly<Record<string, number>>
}

/** What is known while messages are written one after the other. */
interface Writing {
  readonly turns: string[]
  readonly leftOut: LeftOut
  /** Names of calls by their ids: results name only the id. */
  readonly calls: Map<unknown, string>
}

/** Members of an assistant's message that hold what it thought, readable or not. */
const reasoningMembers = [
  'reasoning_content',
  'reasoning',
  'reasoning_details',
  'thinking',
  'thinking_blocks',
  'thought_signature',
  'encrypted_content',
]

/** Writes messages as a text that says who said what. Never throws, whatever the messages are. */
export function transcriptOf(messages: readonly unknown[]): WrittenTranscript {
  const writing: Writing = { turns: [], leftOut: {}, calls: new Map() }
  for (const [index, message] of messages.entries())
    if (isObject(message)) writeMessage(writing, message, index + 1)
  return { text: writing.turns.join('\n'), leftOut: writing.leftOut }
}

function writeMessage(writing: Writing, message: JsonObject, number: number): void {
  const { turns, leftOut } = writing
  const calls = callsOf(message)
  const lines = [
    hasReasoning(message, calls) ? leave('reasoning', leftOut) : '',
    spoken(message['content'], leftOut),
    spoken(message['refusal'], leftOut),
    recording(message['audio'], leftOut),
  ].filter((line) => line !== '')
  const nothingBut = calls.length > 0 && lines.length === 0
  if (!nothingBut) turns.push(turn(number, speaker(writing, message), lines.join('\n')))
  const names = numbered(calls.map(({ name }) => word(name) || 'unnamed'))
  for (const [index, { id, input }] of calls.entries()) {
    const name = names[index]!
    if (typeof id === 'string') writing.calls.set(id, name)
    turns.push(turn(number, `${roleOf(message)} calls ${name}`, quoted(input, leftOut)))
  }
}

function turn(number: number, who: string, text: string): string {
  const head = `<turn ${number} ${who}>`
  return text === '' ? head : `${head}\n${text}`
}

function speaker({ calls }: Writing, message: JsonObject): string {
  const { role, name, tool_call_id: id } = message
  const named = word(name)
  if (role !== 'tool' && role !== 'function')
    return named === '' ? roleOf(message) : `${roleOf(message)} ${named}`
  const called = calls.get(id) ?? named
  return called === '' ? 'result' : `result of ${called}`
}

interface WrittenCall {
  readonly id: unknown
  readonly name: unknown
  readonly input: string
}

/** Calls of functions, of tools with free text, and the old form, which has no id. */
function callsOf({ tool_calls: calls, function_call: old }: JsonObject): readonly WrittenCall[] {
  const all: readonly unknown[] = Array.isArray(calls) ? calls : []
  const found = all.filter(isObject).map((call) => {
    const made = [call['function'], call['custom']].find(isObject) ?? {}
    return { id: call['id'], name: made['name'], input: inputOf(made['arguments'] ?? made['input']) }
  })
  if (!isObject(old)) return found
  return [...found, { id: undefined, name: old['name'], input: inputOf(old['arguments']) }]
}

function inputOf(input: unknown): string {
  if (typeof input === 'string') return input
  return input === undefined || input === null ? '' : JSON.stringify(input)
}

/** Names that stand more than once get numbers, so that results tell which call they answer. */
function numbered(names: readonly string[]): readonly string[] {
  const all = new Map<string, number>()
  for (const name of names) all.set(name, (all.get(name) ?? 0) + 1)
  const seen = new Map<string, number>()
  return names.map((name) => {
    if (all.get(name) === 1) return name
    const count = (seen.get(name) ?? 0) + 1
    seen.set(name, count)
    return `${name}#${count}`
  })
}

function hasReasoning(message: JsonObject, calls: readonly WrittenCall[]): boolean {
  if (reasoningMembers.some((name) => !isNothing(message[name]))) return true
  // Some vendors sign the thought before a call, and the signature comes with the call.
  const all = calls.length > 0 && Array.isArray(message['tool_calls']) ? message['tool_calls'] : []
  return all.some((call: unknown) => isObject(call) && !isNothing(call['extra_content']))
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0)
}

/** What the model said aloud: clients send its id back, some of them with the words. */
function recording(audio: unknown, leftOut: LeftOut): string {
  if (!isObject(audio)) return ''
  const { transcript } = audio
  return typeof transcript === 'string' ? quoted(transcript, leftOut) : leave('audio', leftOut)
}

function roleOf({ role }: JsonObject): string {
  return word(role) || 'somebody'
}

/** A name from outside as one word, which cannot end the line that it stands in. */
function word(name: unknown): string {
  return typeof name === 'string' ? name.slice(0, 64).replace(/[^\p{L}\p{N}_.-]/gu, '_') : ''
}

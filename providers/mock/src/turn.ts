import type { Behaviour } from './model-name.ts'
import { smallestInstance } from './schema-instance.ts'

/** What the model is asked, whatever the dialect. */
export interface Conversation {
  /** Text of the last user message, or the prompt. */
  readonly lastUserText: string
  /** Text of the tool results that end the conversation, when it ends with some. */
  readonly toolResult?: string
  /** Text of the assistant's message that ends the conversation: the beginning of the answer that is asked for. */
  readonly begun?: string
  /** Characters of everything sent. */
  readonly characters: number
  /** Every text of it, whoever said it, a line for each. */
  readonly everything: () => string
  readonly tools: readonly { readonly name: string; readonly parameters: unknown }[]
  /** Tools must not be called. */
  readonly toolsForbidden: boolean
  readonly maxTokens?: number
  /** The JSON Schema of the answer, `{}` for any JSON. */
  readonly schema?: unknown
}

/** What the model answers, whatever the dialect. */
export interface Turn {
  readonly reasoning: string
  readonly text: string
  /** The text in the pieces it is streamed in. */
  readonly pieces: readonly string[]
  readonly toolCalls: readonly { readonly id: string; readonly name: string; readonly arguments: string }[]
  readonly refusal: string
  readonly finish: 'stop' | 'length' | 'tool_calls' | 'content_filter'
  readonly usage: { readonly prompt: number; readonly completion: number; readonly reasoning: number }
}

const fixedText = 'Hello from the mock model.'
const sentence = 'The mock model keeps talking. '
const mostPieces = 100

/** Tokens are four characters, rounded up. */
export function tokens(characters: number): number {
  return Math.ceil(characters / 4)
}

/** Decides the answer. Pure: the same conversation and behaviour give the same turn. */
export function takeTurn(conversation: Conversation, behaviour: Behaviour): Turn {
  const { scenario } = behaviour
  const refusal = behaviour.refusal ? 'The mock model refuses.' : ''
  const toolCalls = callTools(conversation, behaviour)
  const silent = refusal !== '' || toolCalls.length > 0
  const whole = silent ? '' : scenario?.text || answerText(conversation, behaviour)
  const { begun = '' } = conversation
  const said = whole.startsWith(begun) ? begun.length : 0
  const full = whole.slice(said)
  const sized = behaviour.long || behaviour.chunks || behaviour.json
  const limit = sized ? Number.POSITIVE_INFINITY : (conversation.maxTokens ?? Number.POSITIVE_INFINITY) * 4
  const text = full.slice(0, limit)
  const thinks = behaviour.reasoning !== undefined && said === 0
  const reasoning = scenario?.reasoning ?? (thinks ? 'The mock model thinks it over.' : '')
  const written =
    text.length + refusal.length + toolCalls.reduce((sum, call) => sum + call.arguments.length, 0)
  const [prompt = behaviour.promptTokens, completion] = behaviour.usage ?? []
  return {
    reasoning,
    text,
    pieces: piecesOf(whole.slice(0, said + text.length), said, behaviour.chunks?.[0]),
    toolCalls,
    refusal,
    finish: finishOf(behaviour, toolCalls.length > 0, text.length < full.length),
    usage: {
      prompt: prompt ?? tokens(conversation.characters),
      completion: completion ?? tokens(written) + tokens(reasoning.length),
      reasoning: tokens(reasoning.length),
    },
  }
}

function finishOf(behaviour: Behaviour, calls: boolean, shortened: boolean): Turn['finish'] {
  if (behaviour['finish-filter']) return 'content_filter'
  if (behaviour['finish-length'] || shortened) return 'length'
  return calls ? 'tool_calls' : 'stop'
}

function answerText(conversation: Conversation, behaviour: Behaviour): string {
  if (behaviour.json) {
    return JSON.stringify(
      conversation.schema === undefined ? { answer: 'mock' } : anyJson(conversation.schema),
    )
  }
  if (behaviour.digest) return digest(conversation.everything())
  if (conversation.toolResult !== undefined) return `The tool said: ${conversation.toolResult}`
  if (behaviour.echo) return conversation.lastUserText
  if (behaviour.long)
    return sentence.repeat(Math.ceil((behaviour.long[0] ?? 0) / sentence.length)).slice(0, behaviour.long[0])
  if (behaviour.chunks)
    return Array.from({ length: behaviour.chunks[0] ?? 1 }, (_, at) => `w${at + 1} `).join('')
  return fixedText
}

/** What a careful summary would keep: all that is marked, and how much text it was found in. */
function digest(text: string): string {
  const pins = text.match(/\bPIN-\d+: [\w -]+/g) ?? []
  return [`Digest of ${text.length} characters.`, ...new Set(pins.map((pin) => pin.trimEnd()))].join('\n')
}

function anyJson(schema: unknown): unknown {
  const isAny = typeof schema !== 'object' || schema === null || Object.keys(schema).length === 0
  return isAny ? { answer: 'mock' } : smallestInstance(schema, 'mock')
}

function callTools(conversation: Conversation, behaviour: Behaviour): Turn['toolCalls'] {
  if (conversation.toolsForbidden || conversation.toolResult !== undefined) return []
  const planned = behaviour.scenario?.toolCalls
  if (planned) return planned.map((call, at) => ({ id: `call_mock_${at + 1}`, ...call }))
  const without = behaviour['tool-noargs'] !== undefined
  const count = behaviour.tools?.[0] ?? (behaviour.tool || without ? 1 : 0)
  return Array.from({ length: count }, (_, at) => {
    const tool = conversation.tools[at % Math.max(1, conversation.tools.length)] ?? defaultTool
    const values = without ? {} : smallestInstance(tool.parameters ?? {}, `mock-${at + 1}`)
    return { id: `call_mock_${at + 1}`, name: tool.name, arguments: JSON.stringify(values) }
  })
}

const defaultTool = {
  name: 'get_weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
}

/** The pieces of a whole answer behind its first `said` characters: a continuation is cut where the answer would be. */
function piecesOf(whole: string, said: number, count: number | undefined): readonly string[] {
  let skipped = said
  return cutText(whole, count).flatMap((piece) => {
    const rest = piece.slice(skipped)
    skipped = Math.max(0, skipped - piece.length)
    return said > 0 && rest === '' ? [] : [rest]
  })
}

/** Cuts into `count` pieces of nearly equal length; without a count into words, but into a hundred pieces at most. */
export function cutText(text: string, count?: number): readonly string[] {
  if (count === undefined) {
    const words = text.match(/\S+\s*|\s+/g) ?? []
    return words.length <= mostPieces ? words : cutText(text, mostPieces)
  }
  const characters = Array.from(text)
  return Array.from({ length: count }, (_, at) => {
    const from = Math.floor((at * characters.length) / count)
    return characters.slice(from, Math.floor(((at + 1) * characters.length) / count)).join('')
  })
}

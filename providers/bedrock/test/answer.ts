import { type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import { encodeEvent } from './encode-event.ts'
import type { ConverseBody } from './request-schema.ts'

const usage = {
  inputTokens: 12,
  outputTokens: 40,
  totalTokens: 60,
  cacheReadInputTokens: 8,
  cacheWriteInputTokens: 0,
}
const metrics = { latencyMs: 234 }
const thought = { text: 'The user asks.', signature: 'c2lnbmVk' }

/** Plays the scene that the last text of the conversation asks for. */
export function converseAnswer(body: ConverseBody): SimulatedAnswer {
  const play = playOf(lastText(body))
  const calls = callsOf(play, body)
  const content = [
    ...(play.reasoning ? [{ reasoningContent: { reasoningText: thought } }] : []),
    ...(calls.length === 0 ? [{ text: play.text }] : []),
    ...calls.map((toolUse) => ({ toolUse })),
  ]
  const stopReason = stopOf(play, calls)
  return { json: { output: { message: { role: 'assistant', content } }, stopReason, usage, metrics } }
}

/** The same as binary messages: blocks of text do not announce themselves, and `metadata` comes now before, now after the end. */
export function streamedAnswer(body: ConverseBody): SimulatedAnswer {
  const play = playOf(lastText(body))
  const calls = callsOf(play, body)
  const event = (name: string, payload: object) => encodeEvent({ event: name, payload })
  const thinks = play.reasoning ? 1 : 0
  const delta = (contentBlockIndex: number, given: object) =>
    event('contentBlockDelta', { contentBlockIndex, delta: given, p: 'abcdef' })
  const stop = (contentBlockIndex: number) => event('contentBlockStop', { contentBlockIndex })
  const reasoning = [
    ...words(thought.text).map((text) => delta(0, { reasoningContent: { text } })),
    delta(0, { reasoningContent: { signature: thought.signature } }),
    stop(0),
  ]
  const ends = [
    event('messageStop', { stopReason: stopOf(play, calls) }),
    event('metadata', { usage, metrics }),
  ]
  return {
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    pieces: [
      event('messageStart', { role: 'assistant' }),
      ...(play.reasoning ? reasoning : []),
      ...(calls.length === 0
        ? [...words(play.text).map((text) => delta(thinks, { text })), stop(thinks)]
        : []),
      ...calls.flatMap(({ toolUseId, name, input }, index) => {
        const at = thinks + index
        const start = { toolUse: { toolUseId, name } }
        const pieces = words(play.noArguments ? '' : JSON.stringify(input).replace(':', ': '))
        return [
          event('contentBlockStart', { contentBlockIndex: at, start }),
          ...pieces.map((text) => delta(at, { toolUse: { input: text } })),
          stop(at),
        ]
      }),
      ...(play.reasoning ? ends.toReversed() : ends),
    ],
  }
}

interface Called {
  readonly toolUseId: string
  readonly name: string
  readonly input: object
}

function callsOf(play: Play, { toolConfig }: ConverseBody): Called[] {
  const specs = (toolConfig?.tools ?? []).flatMap((tool) => ('toolSpec' in tool ? [tool.toolSpec] : []))
  return specs.slice(0, play.toolCalls).map(({ name }, index) => ({
    toolUseId: `tooluse_simulated_${index}`,
    name,
    input: play.noArguments ? {} : { city: 'Rome' },
  }))
}

function stopOf(play: Play, calls: readonly Called[]): string {
  if (play.length) return 'max_tokens'
  return calls.length > 0 ? 'tool_use' : 'end_turn'
}

function lastText({ messages }: ConverseBody): string {
  const blocks = messages.at(-1)?.content ?? []
  return blocks.map((block) => ('text' in block ? block.text : '')).join('\n')
}

function words(text: string): string[] {
  return text.split(/(?<= )/)
}

import { type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { ChatBody } from './request-schema.ts'

/** The answer of a model to a chat, whole or as a stream. */
export function chatAnswer(model: string, body: ChatBody, stream: boolean): SimulatedAnswer {
  const play = playOf(lastText(body))
  const count = body.generationConfig?.candidateCount ?? 1
  const steps = scene(play, body)
  if (!stream) return { json: answer(model, steps.flat(), { count, finish: finishOf(play), play }) }
  const events = steps.map((parts) => answer(model, parts, { count, play }))
  // The last event may hold nothing but the signature of what has been said.
  const last = answer(model, [{ text: '', thoughtSignature: 'bGFzdA==' }], {
    count,
    finish: finishOf(play),
    play,
  })
  return { pieces: [...events, last].map((event) => `data: ${JSON.stringify(event)}\r\n\r\n`) }
}

interface Setting {
  readonly count: number
  readonly finish?: string
  readonly play: Play
}

/** The first candidate has no index: zeros are left out. */
function answer(model: string, parts: readonly object[], { count, finish, play }: Setting): object {
  const candidates = Array.from({ length: count }, (_, index) => ({
    content: { parts, role: 'model' },
    ...(finish !== undefined && { finishReason: finish }),
    ...(index > 0 && { index }),
  }))
  const thoughts = play.reasoning ? { thoughtsTokenCount: 4 } : {}
  const usageMetadata = { promptTokenCount: 10, candidatesTokenCount: 6, totalTokenCount: 16, ...thoughts }
  return {
    candidates,
    usageMetadata: { ...usageMetadata, totalTokenCount: play.reasoning ? 20 : 16 },
    modelVersion: model,
    responseId: 'resp-simulated',
  }
}

/** Pieces of an answer. A call comes whole; only the first of several is signed. */
function scene(play: Play, body: ChatBody): object[][] {
  const thoughts = play.reasoning ? [[{ text: 'Let me think.', thought: true }]] : []
  const declared = body.tools?.flatMap((tool) => tool.functionDeclarations) ?? []
  const called = declared.slice(0, play.toolCalls).map(({ name }, index) => [
    {
      functionCall: { name, ...(!play.noArguments && { args: { city: 'Rome' } }) },
      ...(index === 0 && { thoughtSignature: 'c2lnbmVk' }),
    },
  ])
  if (called.length > 0) return [...thoughts, ...called]
  const half = play.text.indexOf(' ') + 1
  return [...thoughts, [{ text: play.text.slice(0, half) }], [{ text: play.text.slice(half) }]]
}

function finishOf(play: Play): string {
  return play.length ? 'MAX_TOKENS' : 'STOP'
}

function lastText({ contents }: ChatBody): string {
  const parts = contents.at(-1)?.parts ?? []
  return parts.map((part) => ('text' in part ? part.text : '')).join('\n')
}

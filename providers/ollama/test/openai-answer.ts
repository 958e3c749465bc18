import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import type { chatBody, completionBody } from './request-schema.ts'

const usage = { prompt_tokens: 26, completion_tokens: 8, total_tokens: 34 }
const fingerprint = { system_fingerprint: 'fp_ollama' }

/** The server's answer at `/v1/chat/completions`, whole or streamed. */
export function chatAnswer(body: z.output<typeof chatBody>): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  const calls = callsOf(play, body.tools ?? [])
  const finish = calls.length > 0 ? 'tool_calls' : play.length ? 'length' : 'stop'
  const reasoning = play.reasoning ? { reasoning: 'Let me think.' } : {}
  const head = { id: 'chatcmpl-417', created: 1_700_000_000, model: body.model, ...fingerprint }
  const content = calls.length > 0 ? '' : play.text
  if (body.stream !== true) {
    const message = {
      role: 'assistant',
      content,
      ...reasoning,
      ...(calls.length > 0 && { tool_calls: calls }),
    }
    return {
      json: {
        ...head,
        object: 'chat.completion',
        choices: [{ index: 0, message, finish_reason: finish }],
        usage,
      },
    }
  }
  // The role is repeated in every chunk, and a call comes whole.
  const deltas = [
    ...(play.reasoning ? [{ content: '', ...reasoning }] : []),
    ...calls.map((call) => ({ content: '', tool_calls: [call] })),
    ...(content === '' ? [] : halves(content).map((half) => ({ content: half }))),
    { content: '' },
  ]
  const chunks = deltas.map((delta, index) => ({
    index: 0,
    delta: { role: 'assistant', ...delta },
    finish_reason: index === deltas.length - 1 ? finish : null,
  }))
  return streamed(
    chunks.map((choice) => ({ ...head, object: 'chat.completion.chunk', choices: [choice] })),
    body.stream_options?.include_usage
      ? { ...head, object: 'chat.completion.chunk', choices: [], usage }
      : undefined,
  )
}

/** The server's answer at `/v1/completions`. */
export function completionAnswer(body: z.output<typeof completionBody>): SimulatedAnswer {
  const { text } = playOf(body.prompt)
  const head = {
    id: 'cmpl-417',
    object: 'text_completion',
    created: 1_700_000_000,
    model: body.model,
    ...fingerprint,
  }
  const choice = (each: string, finish: string | null) => ({ text: each, index: 0, finish_reason: finish })
  if (body.stream !== true) return { json: { ...head, choices: [choice(text, 'stop')], usage } }
  return streamed(
    [
      ...halves(text).map((half) => ({ ...head, choices: [choice(half, null)] })),
      { ...head, choices: [choice('', 'stop')] },
    ],
    body.stream_options?.include_usage ? { ...head, choices: [], usage } : undefined,
  )
}

function streamed(chunks: readonly object[], last: object | undefined): SimulatedAnswer {
  const all = last === undefined ? chunks : [...chunks, last]
  return { pieces: [...all.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`), 'data: [DONE]\n\n'] }
}

function callsOf(play: Play, tools: readonly { function: { name: string } }[]): object[] {
  return tools.slice(0, play.toolCalls).map((tool, index) => ({
    id: `call_${index}abc`,
    index,
    type: 'function',
    function: { name: tool.function.name, arguments: play.noArguments ? '{}' : '{"city":"Rome"}' },
  }))
}

/** A text in two pieces. */
export function halves(text: string): string[] {
  const half = text.indexOf(' ') + 1
  return [text.slice(0, half), text.slice(half)]
}

import { lastTextOf, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import { halves } from './openai-answer.ts'
import type { nativeBody } from './request-schema.ts'

/** The server's answer at `/api/chat`, whole or as lines of JSON. */
export function nativeAnswer(body: z.output<typeof nativeBody>): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  const tools = body.tools ?? []
  const calls = tools.slice(0, play.toolCalls).map((tool) => ({
    function: { name: tool.function.name, ...(!play.noArguments && { arguments: { city: 'Rome' } }) },
  }))
  const content = calls.length > 0 ? '' : play.text
  const thinking = play.reasoning ? 'Let me think.' : undefined
  const line = (message: object) => ({
    model: body.model,
    created_at: '2026-01-01T00:00:00Z',
    message: { role: 'assistant', content: '', ...message },
    done: false,
  })
  const done = {
    done: true,
    done_reason: play.length ? 'length' : 'stop',
    total_duration: 9,
    prompt_eval_count: 26,
    eval_count: 8,
  }
  if (!body.stream) {
    const message = { content, thinking, ...(calls.length > 0 && { tool_calls: calls }) }
    return { json: { ...line(message), ...done } }
  }
  const lines = [
    ...(thinking === undefined ? [] : [line({ thinking })]),
    ...calls.map((call) => line({ tool_calls: [call] })),
    ...(content === '' ? [] : halves(content).map((half) => line({ content: half }))),
    { ...line({}), ...done },
  ]
  return {
    headers: { 'content-type': 'application/x-ndjson' },
    pieces: lines.map((each) => `${JSON.stringify(each)}\n`),
  }
}

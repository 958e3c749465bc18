import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { ChatBody } from './request-schema.ts'

const head = { id: 'chatcmpl-simulated', created: 1_770_770_798, system_fingerprint: 'fp_simulated' }
const own = { id: 'req_simulated' }
const reasoning = 'The user asks.'

/** Plays the scene that the last text of the conversation asks for, whole or streamed. */
export function chatAnswer(body: ChatBody): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  return body.stream === true ? streamed(play, body) : whole(play, body)
}

function usageOf({ reasoning: thinks }: Play): object {
  return {
    queue_time: 0.04,
    prompt_tokens: 45,
    prompt_time: 0.002,
    completion_tokens: 40,
    completion_time: 0.1,
    total_tokens: 85,
    total_time: 0.102,
    ...(thinks && { completion_tokens_details: { reasoning_tokens: 31 } }),
  }
}

function callsOf(play: Play, { tools = [], tool_choice: choice }: ChatBody): object[] {
  if (choice === 'none') return []
  return tools.slice(0, play.toolCalls).map((tool, index) => ({
    id: `tk85n1k4${index}`,
    type: 'function',
    function: { name: tool.function.name, arguments: play.noArguments ? '{}' : '{"city": "Rome"}' },
    index,
  }))
}

function finishOf(play: Play, calls: readonly object[]): string {
  if (play.length) return 'length'
  return calls.length > 0 ? 'tool_calls' : 'stop'
}

/** With calls the message has no content at all. */
function whole(play: Play, body: ChatBody): SimulatedAnswer {
  const calls = callsOf(play, body).map((call) => ({ ...call, index: undefined }))
  const message = {
    role: 'assistant',
    ...(calls.length === 0 && { content: play.text }),
    ...(play.reasoning && { reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  return {
    json: {
      ...head,
      object: 'chat.completion',
      model: body.model,
      choices: [{ index: 0, message, logprobs: null, finish_reason: finishOf(play, calls) }],
      usage: usageOf(play),
      usage_breakdown: null,
      x_groq: { ...own, seed: 167_346_302 },
      service_tier: body.service_tier ?? 'on_demand',
    },
  }
}

/** Calls come whole, all in one delta; the usage comes twice, with the finish. */
function streamed(play: Play, body: ChatBody): SimulatedAnswer {
  const calls = callsOf(play, body)
  const chunk = (delta: object, finish: string | null = null, more: object = {}): string => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }]
    const frame = { ...head, object: 'chat.completion.chunk', model: body.model, choices, ...more }
    return `data: ${JSON.stringify(frame)}\n\n`
  }
  const usage = usageOf(play)
  const spoken =
    calls.length > 0 ? [chunk({ tool_calls: calls })] : words(play.text).map((content) => chunk({ content }))
  return {
    pieces: [
      chunk({ role: 'assistant', content: calls.length > 0 ? null : '' }, null, { x_groq: own }),
      ...(play.reasoning ? words(reasoning) : []).map((text) => chunk({ reasoning: text })),
      ...spoken,
      chunk({}, finishOf(play, calls), { x_groq: { ...own, usage }, usage }),
      'data: [DONE]\n\n',
    ],
  }
}

function words(text: string): string[] {
  return text.split(/(?<= )/)
}

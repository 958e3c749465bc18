import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { ChatBody } from './request-schema.ts'

const id = '945bb10c-9bf3-47ff-a2a2-simulated'
const head = { id, created: 1_764_660_903, system_fingerprint: 'fp_simulated' }
const reasoning = 'The user asks.'

/** Plays the scene that the last text of the conversation asks for, whole or streamed. */
export function chatAnswer(body: ChatBody): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  return body.stream === true ? streamed(play, body) : whole(play, body)
}

function usageOf(play: Play): object {
  return {
    prompt_tokens: 18,
    completion_tokens: 45,
    total_tokens: 63,
    ...(play.reasoning && { completion_tokens_details: { reasoning_tokens: 31 } }),
    prompt_cache_hit_tokens: 8,
    prompt_cache_miss_tokens: 10,
  }
}

interface Called {
  readonly index: number
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

function callsOf(play: Play, { tools = [], tool_choice: choice }: ChatBody): Called[] {
  if (choice === 'none') return []
  return tools.slice(0, play.toolCalls).map((tool, index) => ({
    index,
    id: `call_00_simulated${index}`,
    type: 'function',
    function: { name: tool.function.name, arguments: play.noArguments ? '' : '{"city": "Rome"}' },
  }))
}

function finishOf(play: Play, calls: readonly Called[]): string {
  if (play.length) return 'length'
  return calls.length > 0 ? 'tool_calls' : 'stop'
}

/** Behind the empty lines that keep the connection alive while a request waits. */
function whole(play: Play, body: ChatBody): SimulatedAnswer {
  const calls = callsOf(play, body)
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? '' : play.text,
    ...(play.reasoning && { reasoning_content: reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const choice = { index: 0, message, logprobs: null, finish_reason: finishOf(play, calls) }
  const answer = {
    ...head,
    object: 'chat.completion',
    model: body.model,
    choices: [choice],
    usage: usageOf(play),
  }
  const headers = { 'content-type': 'application/json' }
  return { headers, pieces: ['\n', '\n\n', JSON.stringify(answer)] }
}

function streamed(play: Play, body: ChatBody): SimulatedAnswer {
  const calls = callsOf(play, body)
  const chunk = (delta: object, finish: string | null = null): string => {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason: finish }]
    const frame = { ...head, object: 'chat.completion.chunk', model: body.model, choices }
    // Usage comes with the finish, and is `null` before it.
    return `data: ${JSON.stringify({ ...frame, usage: finish === null ? null : usageOf(play) })}\n\n`
  }
  const silent = play.reasoning ? { reasoning_content: null } : {}
  const spoken = calls.length > 0 ? [] : halves(play.text).map((content) => chunk({ content, ...silent }))
  const first = play.reasoning ? { content: null, reasoning_content: '' } : { content: '' }
  return {
    pieces: [
      ': keep-alive\n\n',
      chunk({ role: 'assistant', ...first }),
      ...(play.reasoning ? halves(reasoning) : []).map((text) =>
        chunk({ content: null, reasoning_content: text }),
      ),
      ': keep-alive\n\n',
      ...spoken,
      ...calls.flatMap((call) => callDeltas(call).map((delta) => chunk({ tool_calls: [delta] }))),
      chunk({ content: '', ...silent }, finishOf(play, calls)),
      'data: [DONE]\n\n',
    ],
  }
}

function callDeltas({ function: called, ...call }: Called): object[] {
  const pieces = called.arguments === '' ? [] : halves(called.arguments)
  return [
    { ...call, function: { name: called.name, arguments: '' } },
    ...pieces.map((text) => ({ index: call.index, function: { arguments: text } })),
  ]
}

function halves(text: string): string[] {
  const letters = Array.from(text)
  const middle = Math.ceil(letters.length / 2)
  return [letters.slice(0, middle).join(''), letters.slice(middle).join('')]
}

import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'

const id = 'de9d896d-0000-4000-8000-000000000001'
const created = 1_770_774_046
/** Reasoning tokens are not part of the completion's: 12 + 5 + 200 = 217. */
const usage = {
  prompt_tokens: 12,
  completion_tokens: 5,
  total_tokens: 217,
  prompt_tokens_details: { text_tokens: 12, audio_tokens: 0, image_tokens: 0, cached_tokens: 2 },
  completion_tokens_details: { reasoning_tokens: 200, audio_tokens: 0 },
  num_sources_used: 0,
  cost_in_usd_ticks: 1_176_500,
}

/** The answer to a chat request, whole or streamed. */
export function chatScene(body: JsonObject): SimulatedAnswer {
  const play = playOf(lastTextOf(body['messages']))
  const indexes = Array.from({ length: typeof body['n'] === 'number' ? body['n'] : 1 }, (_, index) => index)
  if (body['stream'] === true) return { pieces: frames(body, play, indexes) }
  const calls = callsOf(body, play)
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? '' : play.text,
    ...(play.reasoning && { reasoning_content: 'Let me think.' }),
    ...(calls.length > 0 && { tool_calls: calls }),
    refusal: null,
  }
  const choices = indexes.map((index) => ({
    index,
    message,
    finish_reason: finishOf(play, calls.length > 0),
  }))
  const { model } = body
  return {
    json: { id, object: 'chat.completion', created, model, choices, usage, system_fingerprint: 'fp_1' },
  }
}

/** A clock that goes on, a placeholder in the place of reasoning, and every call whole in one delta. */
function frames(body: JsonObject, play: Play, indexes: readonly number[]): string[] {
  const calls = callsOf(body, play)
  const thoughts = play.reasoning ? ['Thinking... ', 'Thinking... ', 'Let me', ' think.'] : []
  const spoken: object[] =
    calls.length > 0
      ? [{ tool_calls: calls.map((call, index) => ({ ...call, index })) }]
      : Array.from(play.text, (letter) => ({ content: letter }))
  const deltas = [...thoughts.map((reasoning_content) => ({ reasoning_content })), ...spoken]
  const told = indexes.flatMap((index) => [
    ...deltas.map((delta, at) => ({ index, delta: at === 0 ? { role: 'assistant', ...delta } : delta })),
    { index, delta: {}, finish_reason: finishOf(play, calls.length > 0) },
  ])
  const head = { id, object: 'chat.completion.chunk', model: body['model'], system_fingerprint: 'fp_1' }
  const chunks = told.map((choice, at) => ({ ...head, created: created + at, choices: [choice] }))
  const last = { ...head, created: created + told.length, choices: [], usage }
  const asked = isObject(body['stream_options']) && body['stream_options']['include_usage'] === true
  return [...[...chunks, ...(asked ? [last] : [])].map(written), 'data: [DONE]\n\n']
}

function finishOf(play: Play, called: boolean): string {
  return called ? 'tool_calls' : play.length ? 'length' : 'stop'
}

function callsOf({ tools }: JsonObject, { toolCalls, noArguments }: Play): object[] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : []
  return offered.slice(0, toolCalls).map(({ function: called }, position) => ({
    id: `call_${position}`,
    function: {
      name: isObject(called) ? called['name'] : '',
      arguments: noArguments ? '' : '{"city":"Rome"}',
    },
    type: 'function',
  }))
}

/** The answer to a prompt in the specification's format. */
export function completeScene({ model, prompt }: JsonObject): SimulatedAnswer {
  const { text } = playOf(String(prompt))
  return { json: { type: 'completion', id, completion: ` ${text}`, model, stop_reason: 'stop_sequence' } }
}

/** The answer to a request for legacy completions, whole or streamed. */
export function completionsScene({ model, prompt, stream }: JsonObject): SimulatedAnswer {
  const prompts: readonly unknown[] = Array.isArray(prompt) ? prompt : [prompt]
  const head = { id, object: 'text_completion', created, model }
  const choices = prompts.map((each, index) => ({
    text: playOf(String(each)).text,
    index,
    logprobs: null,
    finish_reason: 'stop',
  }))
  const counts = { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 }
  if (stream !== true) return { json: { ...head, choices, usage: counts } }
  const chunks = [
    ...choices.map((choice) => ({ ...head, choices: [choice] })),
    { ...head, choices: [], usage: counts },
  ]
  return { pieces: [...chunks.map(written), 'data: [DONE]\n\n'] }
}

/** The answer to an embeddings request. */
export function embeddingsScene({ model, input }: JsonObject): SimulatedAnswer {
  const count = Array.isArray(input) ? input.length : 1
  const data = Array.from({ length: count }, (_, index) => ({
    object: 'embedding',
    index,
    embedding: [0.5, -0.25],
  }))
  return { json: { object: 'list', data, model, usage: { prompt_tokens: count, total_tokens: count } } }
}

/** The answer to an image request; the vendor does not date it. */
export function imagesScene({ n, response_format: format }: JsonObject): SimulatedAnswer {
  const picture = format === 'b64_json' ? { b64_json: 'AAAA' } : { url: 'https://a.example/cat.jpg' }
  const data = Array.from({ length: typeof n === 'number' ? n : 1 }, () => ({
    ...picture,
    revised_prompt: 'A cat',
    respect_moderation: true,
  }))
  return { json: { data, usage: { cost_in_usd_ticks: 200_000_000 } } }
}

function written(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

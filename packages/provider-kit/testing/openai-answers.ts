import { isObject, type JsonObject, toBase64 } from '@llmproxy/provider-kit'
import { lastTextOf, type Play, playOf } from './play.ts'

const created = 1_760_000_000

/** The whole answer of a vendor that speaks OpenAI chat, to the play that the last message asks for. */
export function chatAnswer(body: JsonObject): JsonObject {
  const play = playOf(lastTextOf(body['messages']))
  const calls = callsOf(play, body)
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? null : play.text,
    refusal: null,
    ...(calls.length > 0 && { tool_calls: calls }),
    annotations: [],
  }
  const choices = indexes(body).map((index) => ({
    index,
    message,
    logprobs: null,
    finish_reason: finishOf(play, calls),
  }))
  return { ...head(body), object: 'chat.completion', choices, usage: usageOf(play) }
}

/** The frames of the same answer as a stream, without `[DONE]`. */
export function chatFrames(body: JsonObject): JsonObject[] {
  const play = playOf(lastTextOf(body['messages']))
  const calls = callsOf(play, body)
  const wantsUsage = isObject(body['stream_options']) && body['stream_options']['include_usage'] === true
  const noUsage = wantsUsage ? { usage: null } : {}
  const frame = (index: number, delta: object, finish_reason: string | null = null): JsonObject => ({
    ...head(body),
    object: 'chat.completion.chunk',
    choices: [{ index, delta, logprobs: null, finish_reason }],
    ...noUsage,
    obfuscation: 'x9',
  })
  const frames = indexes(body).flatMap((index) => [
    frame(index, { role: 'assistant', content: calls.length > 0 ? null : '', refusal: null }),
    ...(calls.length > 0
      ? calls.flatMap((call, position) => callDeltas(call, position).map((delta) => frame(index, delta)))
      : halves(play.text).map((content) => frame(index, { content }))),
    frame(index, {}, finishOf(play, calls)),
  ])
  const last = { ...head(body), object: 'chat.completion.chunk', choices: [], usage: usageOf(play) }
  return wantsUsage ? [...frames, last] : frames
}

/** A legacy completion, whole; each of its frames when it is streamed. */
export function completionFrames(body: JsonObject): JsonObject[] {
  const { prompt } = body
  const count = Array.isArray(prompt) && typeof prompt[0] !== 'number' ? prompt.length : 1
  const answer = (choices: object[]) => ({ ...head(body), id: 'cmpl-1', object: 'text_completion', choices })
  const choice = (index: number, text: string, finish_reason: string | null) => ({
    text,
    index,
    logprobs: null,
    finish_reason,
  })
  const [first = '', second = ''] = halves(playOf('').text)
  const positions = Array.from({ length: count }, (_, index) => index)
  if (body['stream'] !== true) {
    const choices = positions.map((index) => choice(index, first + second, 'stop'))
    return [{ ...answer(choices), usage: usageOf(playOf('')) }]
  }
  const frames = positions.flatMap((index) => [
    answer([choice(index, first, null)]),
    answer([choice(index, second, 'stop')]),
  ])
  const wantsUsage = isObject(body['stream_options']) && body['stream_options']['include_usage'] === true
  return wantsUsage ? [...frames, { ...answer([]), usage: usageOf(playOf('')) }] : frames
}

/** Embeddings of three numbers for each input, in the encoding that was asked for. */
export function embeddingsAnswer(body: JsonObject): JsonObject {
  const { input, encoding_format, model } = body
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1
  const vector = [0.5, -0.25, 1]
  const embedding = encoding_format === 'base64' ? toBase64(vector) : vector
  const data = Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding }))
  return { object: 'list', data, model, usage: { prompt_tokens: 3 * count, total_tokens: 3 * count } }
}

/** Pictures of one pixel. */
export function imagesAnswer(body: JsonObject): JsonObject {
  const asUrl = body['response_format'] === 'url'
  const picture = asUrl ? { url: 'https://pictures.test/1.png' } : { b64_json: 'iVBORw0KGgo=' }
  const data = Array.from({ length: Number(body['n'] ?? 1) }, () => picture)
  return { created, data, usage: { input_tokens: 8, output_tokens: 272, total_tokens: 280 } }
}

function head({ model }: JsonObject): JsonObject {
  return {
    id: 'chatcmpl-simulated',
    created,
    model,
    service_tier: 'default',
    system_fingerprint: 'fp_simulated',
  }
}

function indexes({ n }: JsonObject): number[] {
  return Array.from({ length: Number(n ?? 1) }, (_, index) => index)
}

interface PlayedCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

function callsOf({ toolCalls, noArguments }: Play, { tools }: JsonObject): PlayedCall[] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : []
  return offered.slice(0, toolCalls).map((tool, position) => ({
    id: `call_simulated_${position}`,
    type: 'function',
    function: {
      name: String((tool['function'] as { name?: string } | undefined)?.name),
      arguments: noArguments ? '{}' : '{"city":"Zürich"}',
    },
  }))
}

/** The id and the name come once, the arguments in pieces. */
function callDeltas(call: PlayedCall, index: number): object[] {
  const first = { ...call, index, function: { name: call.function.name, arguments: '' } }
  const pieces = halves(call.function.arguments).map((piece) => ({ index, function: { arguments: piece } }))
  return [first, ...pieces].map((delta) => ({ tool_calls: [delta] }))
}

function halves(text: string): string[] {
  const middle = Math.ceil(text.length / 2)
  return [text.slice(0, middle), text.slice(middle)]
}

function finishOf({ length }: Play, calls: readonly unknown[]): string {
  if (calls.length > 0) return 'tool_calls'
  return length ? 'length' : 'stop'
}

function usageOf({ reasoning, toolCalls }: Play): JsonObject {
  const completion = 7 + toolCalls * 11 + (reasoning ? 64 : 0)
  return {
    prompt_tokens: 16,
    completion_tokens: completion,
    total_tokens: 16 + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: reasoning ? 64 : 0, audio_tokens: 0 },
  }
}

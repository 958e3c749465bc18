import { isObject, type JsonObject, toBase64 } from '@llmproxy/provider-kit'
import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'

const head = { id: 'gen-1760000000-abc', provider: 'OpenAI', created: 1_760_000_000 }
const comment = ': OPENROUTER PROCESSING\n\n'
const usage = {
  prompt_tokens: 20,
  completion_tokens: 10,
  total_tokens: 30,
  cost: 0.00012,
  is_byok: false,
  prompt_tokens_details: { cached_tokens: 4, cache_write_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 3 },
}

/** The answer to a chat request, whole or streamed. */
export function chatScene(body: JsonObject): SimulatedAnswer {
  const play = playOf(lastTextOf(body['messages']))
  const choices = typeof body['n'] === 'number' ? body['n'] : 1
  return body['stream'] === true
    ? { pieces: frames(body, play, choices) }
    : { json: whole(body, play, choices) }
}

function whole(body: JsonObject, play: Play, count: number): object {
  const calls = callsOf(body, play)
  const message = {
    role: 'assistant',
    content: calls.length > 0 ? null : play.text,
    refusal: null,
    reasoning: play.reasoning ? 'Let me think.' : null,
    ...(play.reasoning && {
      reasoning_details: [{ type: 'reasoning.text', text: 'Let me think.', index: 0, format: 'unknown' }],
    }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const choices = Array.from({ length: count }, (_, index) => ({
    index,
    logprobs: null,
    message,
    ...endOf(play, calls.length > 0),
  }))
  return { ...head, model: body['model'], object: 'chat.completion', choices, usage }
}

/** The role in every delta, whole calls without ids, the finish twice, and usage beside an empty delta or alone. */
function frames(body: JsonObject, play: Play, count: number): string[] {
  const calls = callsOf(body, play)
  const choices = Array.from({ length: count }, (_, index) => index)
  const frame = (index: number, delta: object, end: object = {}, more: object = {}): string =>
    written({
      ...head,
      model: body['model'],
      object: 'chat.completion.chunk',
      choices: [
        {
          index,
          delta: { role: 'assistant', content: '', ...delta },
          finish_reason: null,
          native_finish_reason: null,
          logprobs: null,
          ...end,
        },
      ],
      ...more,
    })
  const spoken = choices.flatMap((index) => [
    ...(play.reasoning ? ['Let me ', 'think.'].map((text) => frame(index, thought(text))) : []),
    ...(calls.length > 0
      ? calls.map((call, position) => frame(index, { tool_calls: [{ index: position, ...call }] }))
      : Array.from(play.text, (letter) => frame(index, { content: letter }))),
    frame(index, {}, endOf(play, calls.length > 0)),
    frame(index, {}, endOf(play, calls.length > 0)),
  ])
  const last = play.length
    ? written({ ...head, model: body['model'], object: 'chat.completion.chunk', choices: [], usage })
    : frame(0, {}, {}, { usage })
  return [comment, comment, ...spoken.toSpliced(1, 0, comment), last, 'data: [DONE]\n\n']
}

function thought(text: string): object {
  return {
    reasoning: text,
    reasoning_details: [{ type: 'reasoning.text', text, index: 0, format: 'unknown' }],
  }
}

function endOf(play: Play, called: boolean): object {
  if (called) return { finish_reason: 'tool_calls', native_finish_reason: 'STOP' }
  const reason = play.length ? 'length' : 'stop'
  return { finish_reason: reason, native_finish_reason: play.length ? 'MAX_TOKENS' : 'STOP' }
}

/** Every other call has no id, as with some vendors behind this one. */
function callsOf({ tools }: JsonObject, { toolCalls, noArguments }: Play): object[] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : []
  return offered.slice(0, toolCalls).map(({ function: called }, position) => ({
    id: position % 2 === 0 ? `call_${position}` : null,
    type: 'function',
    function: {
      name: isObject(called) ? called['name'] : '',
      arguments: noArguments ? '' : '{"city":"Rome"}',
    },
  }))
}

/** The answer to an embeddings request. */
export function embeddingsScene({ model, input, encoding_format: format }: JsonObject): SimulatedAnswer {
  const count = Array.isArray(input) && typeof input[0] !== 'number' ? input.length : 1
  const vector = [0.5, -0.25]
  const embedding = format === 'base64' ? toBase64(vector) : vector
  const data = Array.from({ length: count }, (_, index) => ({ object: 'embedding', index, embedding }))
  return { json: { object: 'list', data, model, usage: { prompt_tokens: 2, total_tokens: 2, cost: 0.0001 } } }
}

/** The answer to an image request. */
export function imagesScene({ n }: JsonObject): SimulatedAnswer {
  const picture = { b64_json: 'iVBORw0KGgo=', media_type: 'image/png' }
  const data = Array.from({ length: typeof n === 'number' ? n : 1 }, () => picture)
  return { json: { created: head.created, data, usage: { ...usage, cost: 0.04 } } }
}

function written(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

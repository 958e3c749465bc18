import { isObject, type JsonObject } from '@llmproxy/provider-kit'
import { lastTextOf, type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'

const created = 1_760_000_000
const details = { completion_tokens_details: 'None', prompt_tokens_details: 'None' }
const usage = { completion_tokens: 10, prompt_tokens: 20, total_tokens: 30, ...details }

/** What a model is called by the one who answers: without the vendor's own prefix. */
function answering(body: JsonObject): string {
  return String(body['model']).replace('blackboxai/', '')
}

/** The answer to a chat request, whole or streamed. */
export function chatScene(body: JsonObject): SimulatedAnswer {
  const play = playOf(lastTextOf(body['messages']))
  return body['stream'] === true ? { pieces: frames(body, play) } : { json: whole(body, play) }
}

/** The answer of an image or video model: an address and nothing else, with the word for "nothing" wherever something could be. */
export function mediaScene(body: JsonObject, url: string): SimulatedAnswer {
  const answer = whole(body, { ...playOf(''), text: `${url}\n` })
  const none = { completion_tokens: 0, prompt_tokens: 0, total_tokens: 0, ...details }
  return { json: { ...answer, model: `${answering(body)}:1e237a5c9b`, usage: none } }
}

function whole(body: JsonObject, play: Play): object {
  const calls = callsOf(body, play)
  const message = {
    content: calls.length > 0 ? null : play.text,
    role: 'assistant',
    tool_calls: calls.length > 0 ? calls : 'None',
    function_call: 'None',
    ...(play.reasoning && { reasoning: 'Let me think.' }),
  }
  return {
    id: `chatcmpl-${created}`,
    created,
    model: answering(body),
    object: 'chat.completion',
    system_fingerprint: 'None',
    choices: [{ finish_reason: endOf(play, calls.length > 0), index: 0, message }],
    usage,
  }
}

function frames(body: JsonObject, play: Play): string[] {
  const calls = callsOf(body, play)
  const frame = (delta: object, finish: string | null = null): string =>
    written({
      id: 'chatcmpl-1',
      created,
      model: answering(body),
      object: 'chat.completion.chunk',
      system_fingerprint: 'None',
      choices: [{ index: 0, delta, finish_reason: finish }],
    })
  const head = { id: 'chatcmpl-1', created, model: answering(body), object: 'chat.completion.chunk' }
  return [
    ': keep-alive\n\n',
    frame({ role: 'assistant', content: '', tool_calls: 'None', function_call: 'None' }),
    ...(play.reasoning ? [frame({ reasoning: 'Let me ' }), frame({ reasoning: 'think.' })] : []),
    ...(calls.length > 0
      ? calls.flatMap(({ function: { name, arguments: text }, ...call }, index) => [
          frame({ tool_calls: [{ index, ...call, function: { name, arguments: '' } }] }),
          ...Array.from(text, (letter) =>
            frame({ tool_calls: [{ index, function: { arguments: letter } }] }),
          ),
        ])
      : Array.from(play.text, (letter) => frame({ content: letter }))),
    frame({}, endOf(play, calls.length > 0)),
    written({ ...head, choices: [], usage }),
    'data: [DONE]\n\n',
  ]
}

function endOf(play: Play, called: boolean): string {
  if (called) return 'tool_calls'
  return play.length ? 'length' : 'stop'
}

interface SimulatedCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

function callsOf({ tools }: JsonObject, { toolCalls, noArguments }: Play): SimulatedCall[] {
  const offered = Array.isArray(tools) ? tools.filter(isObject) : []
  return offered.slice(0, toolCalls).map(({ function: called }, position) => ({
    id: `call_${position}`,
    type: 'function',
    function: {
      name: isObject(called) ? String(called['name']) : '',
      arguments: noArguments ? '' : '{"city":"Rome"}',
    },
  }))
}

function written(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}

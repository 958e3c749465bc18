import type { ServerResponse } from 'node:http'
import { openStream } from './answers.ts'
import type { Answer, SeenRequest } from './fake-upstream.ts'

export interface Script {
  /** The answer, in the deltas that it is streamed in. */
  readonly pieces: readonly string[]
  /** Events that are sent before the stream breaks off; absent: all of them, and a good end. */
  readonly cutAfter?: number | undefined
  /** How it breaks off. A text is sent, and then the body is ended. Default: the connection is reset. */
  readonly how?: 'reset' | 'silence' | { readonly sends: string }
  /** Told at the end of a stream that is asked for its usage: input and output. */
  readonly usage?: readonly [input: number, output: number]
  /** Beside the text in every event, too. */
  readonly usageInEvery?: boolean
}

interface Body {
  readonly model: string
  readonly messages: readonly { readonly role: string; readonly content: unknown }[]
  readonly stream_options?: { readonly include_usage?: boolean }
}

/** What the request asks to be continued, in either wire; `undefined` when it asks for an answer. */
export function prefillOf(request: SeenRequest): string | undefined {
  const last = bodyOf(request).messages.at(-1)
  if (last?.role !== 'assistant') return undefined
  const { content } = last
  return typeof content === 'string'
    ? content
    : (content as { text?: string }[]).map(({ text = '' }) => text).join('')
}

/** A model with OpenAI's wire that has one answer, and continues it from wherever it is told to. */
export function openaiModel(script: (turn: number) => Script): Answer {
  let turn = 0
  return (request, response) => {
    const spoken = script(turn)
    turn += 1
    const { usage, usageInEvery = false } = spoken
    const body = bodyOf(request)
    const head = {
      id: `chatcmpl-${turn}`,
      object: 'chat.completion.chunk',
      created: 1_700_000_000 + turn,
      model: body.model,
    }
    const counts = usage && {
      prompt_tokens: usage[0],
      completion_tokens: usage[1],
      total_tokens: usage[0] + usage[1],
    }
    const frame = (members: object) => `data: ${JSON.stringify({ ...head, ...members })}\n\n`
    const delta = (content: object, finish: string | null = null) =>
      frame({
        choices: [{ index: 0, delta: content, finish_reason: finish }],
        ...(usageInEvery && { usage: counts }),
      })
    const asked = body.stream_options?.include_usage === true
    play(response, spoken, [
      delta({ role: 'assistant', content: '' }),
      ...rest(spoken.pieces, prefillOf(request)).map((content) => delta({ content })),
      delta({}, 'stop'),
      ...(asked && counts ? [frame({ choices: [], usage: counts })] : []),
      'data: [DONE]\n\n',
    ])
  }
}

/** The same with the Messages wire. */
export function messagesModel(script: (turn: number) => Script): Answer {
  let turn = 0
  return (request, response) => {
    const spoken = script(turn)
    turn += 1
    const [input, output] = spoken.usage ?? [9, 5]
    const event = (type: string, members: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`
    const message = { id: `msg_${turn}`, type: 'message', role: 'assistant', model: 'claude', content: [] }
    play(response, spoken, [
      event('message_start', { message: { ...message, usage: { input_tokens: input, output_tokens: 1 } } }),
      event('content_block_start', { index: 0, content_block: { type: 'text', text: '' } }),
      ...rest(spoken.pieces, prefillOf(request)).map((text) =>
        event('content_block_delta', { index: 0, delta: { type: 'text_delta', text } }),
      ),
      event('content_block_stop', { index: 0 }),
      event('message_delta', {
        delta: { stop_reason: 'end_turn', stop_sequence: null },
        usage: { output_tokens: output },
      }),
      event('message_stop', {}),
    ])
  }
}

function bodyOf({ body }: SeenRequest): Body {
  return JSON.parse(body.toString('utf8')) as Body
}

/** The pieces of the answer behind what the model is given of it, as a vendor does that refuses white space at its end. */
function rest(pieces: readonly string[], prefill: string | undefined): readonly string[] {
  if (prefill === undefined) return pieces
  if (prefill.trimEnd() !== prefill || !pieces.join('').startsWith(prefill))
    throw new Error(`nothing that can be continued: ${JSON.stringify(prefill)}`)
  let { length } = prefill
  return pieces.flatMap((piece) => {
    const left = piece.slice(length)
    length = Math.max(0, length - piece.length)
    return left === '' ? [] : [left]
  })
}

function play(
  response: ServerResponse,
  { cutAfter, how = 'reset' }: Script,
  events: readonly string[],
): void {
  const stream = openStream(response)
  if (cutAfter === undefined) return void stream.end(events.join(''))
  const begun = events.slice(0, cutAfter).join('')
  if (typeof how === 'object') return void stream.end(begun + how.sends)
  stream.write(begun, () => (how === 'silence' ? undefined : response.socket?.destroy()))
}

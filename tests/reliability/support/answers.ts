import type { OperationName } from '@llmproxy/provider-kit'
import type { ServerResponse } from 'node:http'
import type { Answer } from './fake-upstream.ts'

export const completion = (content = 'Hello') => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1_700_000_000,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content, refusal: null }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

export const textCompletion = (text = 'Hello') => ({
  id: 'cmpl-1',
  object: 'text_completion',
  created: 1_700_000_000,
  model: 'm',
  choices: [{ index: 0, text, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
})

export const embeddings = () => ({
  object: 'list',
  model: 'm',
  data: [{ object: 'embedding', index: 0, embedding: [0.5, -1, 0.25] }],
  usage: { prompt_tokens: 3, total_tokens: 3 },
})

export const message = (text = 'Hello') => ({
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'm',
  content: [{ type: 'text', text }],
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage: { input_tokens: 3, output_tokens: 2 },
})

/** One SSE frame of a chat stream. */
export function chunk(content: string, finish: string | null = null): string {
  const delta = content === '' ? {} : { content }
  const choices = [{ index: 0, delta, finish_reason: finish }]
  const frame = {
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1_700_000_000,
    model: 'm',
    choices,
  }
  return `data: ${JSON.stringify(frame)}\n\n`
}

/** One SSE frame of a stream of completions. */
export function textChunk(text: string, finish: string | null = null): string {
  const choices = [{ index: 0, text, logprobs: null, finish_reason: finish }]
  return `data: ${JSON.stringify({ ...textCompletion(), usage: undefined, choices })}\n\n`
}

export const streamEnd = `${chunk('', 'stop')}data: [DONE]\n\n`

export function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function openStream(response: ServerResponse, headers: Record<string, string> = {}): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream', ...headers })
  return response
}

export const errorBody = (message: string, type = 'server_error', code: string | null = null) => ({
  error: { message, type, param: null, code },
})

/** Answers every operation the way a healthy vendor does, streamed when that is asked for. */
export function healthy(text = 'Hello'): Answer {
  return ({ path, body }, response) => {
    if (path.endsWith('/embeddings')) return sendJson(response, 200, embeddings())
    if (path.endsWith('/generations')) return sendJson(response, 200, { created: 1_700_000_000, data: [] })
    const messages = path.endsWith('/messages')
    const chat = path.endsWith('/chat/completions')
    if (!/"stream"\s*:\s*true/.test(body.toString('latin1'))) {
      return sendJson(
        response,
        200,
        messages ? message(text) : chat ? completion(text) : textCompletion(text),
      )
    }
    const stream = openStream(response)
    if (messages) return void stream.end(messageEvents(text).join(''))
    stream.end(chat ? chunk(text) + streamEnd : `${textChunk(text)}${textChunk('', 'stop')}data: [DONE]\n\n`)
  }
}

/** Always the same error. */
export function failing(
  status: number,
  headers: Record<string, string> = {},
  message = `fails with ${status}`,
): Answer {
  return (_request, response) => sendJson(response, status, errorBody(message), headers)
}

/** The events of a stream of the Messages dialect. */
function messageEvents(text: string): string[] {
  const events = [
    { type: 'message_start', message: { ...message(), content: [], stop_reason: null } },
    { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } },
    { type: 'content_block_stop', index: 0 },
    {
      type: 'message_delta',
      delta: { stop_reason: 'end_turn', stop_sequence: null },
      usage: { output_tokens: 2 },
    },
    { type: 'message_stop' },
  ]
  return events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
}

/** The beginning of a sound stream: it has said `text`, and not how it ends. */
export function beginning(operation: OperationName, text = 'half'): string {
  if (operation === 'messages') return messageEvents(text).slice(0, 3).join('')
  return operation === 'completions' ? textChunk(text) : chunk(text)
}

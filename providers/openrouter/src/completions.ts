import {
  type Completion,
  type CompletionChunk,
  type CompletionRequest,
  type HeaderMap,
  isObject,
  openaiCompletionDecoder,
  type Operation,
  ProviderFault,
  badResponse,
  readChoices,
} from '@llmproxy/provider-kit'
import { errorIn, openrouterFault } from './fault.ts'

/** Legacy completions by the vendor's own endpoint: the client's bytes, and answers that are read for errors. */
export function completions(headers: HeaderMap): Operation<CompletionRequest, Completion, CompletionChunk> {
  return {
    request: ({ stream, body }) => {
      const wish = isObject(body.stream_options) ? body.stream_options : {}
      return {
        path: '/completions',
        headers,
        ...(stream && { patch: { stream_options: { ...wish, include_usage: true } } }),
      }
    },
    response(body, call) {
      if (!isObject(body)) throw badResponse('not a JSON object')
      throwError(body)
      if (!Array.isArray(body['choices']) || body['choices'].length === 0) throw badResponse('no choices')
      const choices = readChoices(body['choices']).map((choice, position) => ({
        index: position,
        logprobs: null,
        ...choice,
        text: typeof choice['text'] === 'string' ? choice['text'] : '',
        finish_reason: choice.finish_reason ?? 'stop',
      }))
      const { id, created, model } = body
      return {
        ...body,
        id: typeof id === 'string' && id !== '' ? id : `cmpl-${call.id}`,
        object: 'text_completion',
        created: typeof created === 'number' ? created : call.created,
        model: typeof model === 'string' && model !== '' ? model : call.model,
        choices,
      }
    },
    stream() {
      const decoder = openaiCompletionDecoder()
      return {
        event(event) {
          const frame = parsed(event.data)
          if (isObject(frame)) throwError(frame)
          return decoder.event(event)
        },
        end: () => decoder.end?.() ?? [],
      }
    },
  }
}

function throwError(body: Record<string, unknown>): void {
  const error = errorIn(body)
  if (error === undefined) return
  const found = { error }
  throw new ProviderFault(
    openrouterFault({ status: 200, headers: {}, body: found, text: JSON.stringify(found), inBand: true }),
  )
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

import type { Call, StreamDecoder } from './contract.ts'
import { ProviderFault } from './fault.ts'
import { readChoices, throwErrorBody } from './openai-stream.ts'
import type {
  ChatChunk,
  ChatCompletion,
  Completion,
  CompletionChoice,
  CompletionChunk,
  FinishReason,
} from './wire.ts'

/** Checks a relayed chat body as far as the translation reads it. */
export function chatCompletion(body: unknown, call: Call): ChatCompletion {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw noChoices()
  const answer = body as Partial<ChatCompletion>
  throwErrorBody(answer, '')
  if (!Array.isArray(answer.choices)) throw noChoices()
  const choices = readChoices(answer.choices) as unknown as ChatCompletion['choices']
  return {
    ...answer,
    id: answer.id ?? call.id,
    object: 'chat.completion',
    created: answer.created ?? call.created,
    model: answer.model ?? call.model,
    choices,
  }
}

function noChoices(): ProviderFault {
  return new ProviderFault({
    kind: 'bad_response',
    message: 'the upstream’s answer has no array named "choices"',
  })
}

/** A whole chat answer as a completion. */
export function completion(answer: ChatCompletion, call: Call): Completion {
  return {
    ...answer,
    ...head(answer, call),
    choices: answer.choices.map((choice, position) => ({
      text: plainText(choice.message?.content),
      index: choice.index ?? position,
      logprobs: null,
      finish_reason: withoutTools(choice.finish_reason),
    })),
  }
}

/** The chunks of a chat decoder as completion chunks. */
export function completionDecoder(
  chat: StreamDecoder<ChatChunk>,
  call: Call,
): StreamDecoder<CompletionChunk> {
  const convert = (chunks: readonly ChatChunk[]) => chunks.flatMap((chunk) => completionChunk(chunk, call))
  return {
    event: (event) => convert(chat.event(event)),
    end: () => convert(chat.end?.() ?? []),
  }
}

/** A chunk that carries neither text nor an ending (a role, a tool call, reasoning) has nothing for this operation. */
function completionChunk(chunk: ChatChunk, call: Call): CompletionChunk[] {
  const kept = chunk.choices.flatMap((choice): CompletionChoice[] => {
    const text = plainText(choice.delta?.content)
    const finish_reason = withoutTools(choice.finish_reason)
    if (text === '' && finish_reason === null) return []
    return [{ text, index: choice.index ?? 0, logprobs: null, finish_reason }]
  })
  const nothing = kept.length === 0 && (chunk.usage === undefined || chunk.usage === null)
  return nothing ? [] : [{ ...chunk, ...head(chunk, call), choices: kept }]
}

/** What a completion always has. Other members of the chat answer stay as they are. */
function head(
  answer: ChatCompletion | ChatChunk,
  call: Call,
): Pick<Completion, 'id' | 'object' | 'created' | 'model'> {
  return {
    id: completionId(answer.id, call.id),
    object: 'text_completion',
    created: answer.created ?? call.created,
    model: answer.model ?? call.model,
  }
}

function completionId(id: unknown, fallback: string): string {
  const own = typeof id === 'string' && id !== '' ? id : fallback
  return own.startsWith('cmpl-') ? own : `cmpl-${own.replace(/^chatcmpl-/, '')}`
}

/** Content as text; some servers answer with a list of parts. */
function plainText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part: unknown) => (part as { text?: unknown } | null)?.text)
    .filter((text) => typeof text === 'string')
    .join('')
}

function withoutTools(reason: FinishReason | null | undefined): FinishReason | null {
  return reason === 'tool_calls' || reason === 'function_call' ? 'stop' : (reason ?? null)
}

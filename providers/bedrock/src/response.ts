import {
  badResponse,
  type Call,
  type ChatCompletion,
  type ChatRequest,
  isObject,
  type JsonObject,
  type ToolCall,
} from '@llmproxy/provider-kit'
import { finishReason } from './finish-reason.ts'
import { answerTool } from './structured-output.ts'
import { usageOf } from './usage.ts'

/** The vendor's own members that an answer keeps, under their own names. */
const kept = ['additionalModelResponseFields', 'metrics', 'trace'] as const

/** A Converse answer as a chat completion. Throws a `bad_response` fault for anything else. */
export function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  const output = isObject(body) ? body['output'] : undefined
  const message = isObject(output) ? output['message'] : undefined
  if (!isObject(body) || !isObject(message) || !Array.isArray(message['content']))
    throw badResponse('it has no message with a content array')
  const blocks = message['content'].filter(isObject)
  const uses = blocks.flatMap(({ toolUse }) => (isObject(toolUse) ? [toolUse] : []))
  const answerName = answerTool(call)?.name
  const answer = answerName === undefined ? undefined : uses.find(({ name }) => name === answerName)
  const toolCalls = uses
    .filter(({ name }) => answerName === undefined || name !== answerName)
    .map((use, index) => toolCall(use, call, index))
  const spoken = blocks.map((block) => textOf(block['text'])).join('')
  // The input of the answer tool replaces what the model said around it.
  const text = answer === undefined ? spoken : JSON.stringify(answer['input'] ?? {})
  return {
    id: `chatcmpl-${call.id}`,
    object: 'chat.completion',
    created: call.created,
    model: call.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: text === '' && toolCalls.length > 0 ? null : text,
          refusal: null,
          ...reasoningMembers(blocks),
          ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
        },
        logprobs: null,
        finish_reason: finishReason(body['stopReason'], toolCalls.length > 0),
        ...stopMember(body['stopReason']),
      },
    ],
    usage: usageOf(body['usage']),
    ...ownMembers(body),
  }
}

/** The vendor's own word, beside OpenAI's. */
export function stopMember(stopReason: unknown): { stop_reason?: string } {
  return typeof stopReason === 'string' ? { stop_reason: stopReason } : {}
}

/** The members of an answer, or of a stream's end, that OpenAI's format has no place for. */
export function ownMembers(body: JsonObject): JsonObject {
  return Object.fromEntries(
    kept.filter((name) => (body[name] ?? null) !== null).map((name) => [name, body[name]]),
  )
}

/** A block of reasoning as clients send it back: `thinking` with its signature, or what the vendor has blackened. */
export function thinkingBlock(text: string, signature: string): JsonObject {
  return { type: 'thinking', thinking: text, ...(signature !== '' && { signature }) }
}

/** The same for what the vendor does not show. */
export function redactedBlock(data: string): JsonObject {
  return { type: 'redacted_thinking', data }
}

/** A text, or none. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

function toolCall(use: JsonObject, call: Call, index: number): ToolCall {
  const { toolUseId: id, name, input } = use
  if (typeof name !== 'string') throw badResponse('a toolUse block has no name')
  return {
    id: typeof id === 'string' && id !== '' ? id : `call_${call.id}_${index}`,
    type: 'function',
    function: { name, arguments: JSON.stringify(input ?? {}) },
  }
}

function reasoningMembers(blocks: readonly JsonObject[]): {
  reasoning_content?: string
  thinking_blocks?: readonly JsonObject[]
} {
  const thoughts = blocks.flatMap(({ reasoningContent }) =>
    isObject(reasoningContent) ? [thoughtOf(reasoningContent)] : [],
  )
  const text = thoughts.map(({ thinking }) => textOf(thinking)).join('')
  return {
    ...(text !== '' && { reasoning_content: text }),
    ...(thoughts.length > 0 && { thinking_blocks: thoughts }),
  }
}

function thoughtOf({ reasoningText, redactedContent }: JsonObject): JsonObject {
  if (isObject(reasoningText))
    return thinkingBlock(textOf(reasoningText['text']), textOf(reasoningText['signature']))
  return redactedBlock(textOf(redactedContent))
}

import {
  badResponse,
  type Call,
  type ChatChoice,
  type ChatCompletion,
  type ChatRequest,
  type ToolCall,
} from '@llmproxy/provider-kit'
import { citationMembers, citedSources, type CitedSources } from './annotations.ts'
import { inBandFault } from './fault.ts'
import { finishReason } from './finish-reason.ts'
import { answerToolName } from './structured-output.ts'
import { usesLegacyFunctions } from './tools.ts'
import { usageOf } from './usage.ts'
import { isObject, type JsonObject } from './wire.ts'

/** A message as a chat completion. Throws a `bad_response` fault for anything that is not a message. */
export function completionOf(body: unknown, call: Call<ChatRequest>): ChatCompletion {
  if (isObject(body) && body['type'] === 'error') throw inBandFault(body)
  if (!isObject(body) || !Array.isArray(body['content'])) {
    throw badResponse('it is not a message with a content array')
  }
  return {
    ...identityOf(body, call),
    object: 'chat.completion',
    created: call.created,
    choices: [inClientForm(choiceOf(body, body['content'].filter(isObject), call), call)],
    usage: usageOf(body['usage']),
    ...extras(body),
  }
}

/** The vendor's own id and model; where it names none, those of the call. */
export function identityOf({ id, model }: JsonObject, call: Call): { id: string; model: string } {
  return {
    id: typeof id === 'string' && id !== '' ? id : `chatcmpl-${call.id}`,
    model: typeof model === 'string' && model !== '' ? model : call.model,
  }
}

function choiceOf(body: JsonObject, blocks: readonly JsonObject[], call: Call<ChatRequest>): ChatChoice {
  const uses = blocks.filter((block) => block['type'] === 'tool_use')
  const answerTool = answerToolName(call)
  const answer = answerTool === undefined ? undefined : uses.find((use) => use['name'] === answerTool)
  const calls = uses.filter((use) => use !== answer).map((use, index) => toolCall(use, call, index))
  const refusal = refusalOf(body)
  const { text, sources } = spokenText(blocks)
  const isSilent = text === '' && (refusal !== null || calls.length > 0)
  // The input of the answer tool replaces what the model said around it.
  const content = answer === undefined ? (isSilent ? null : text) : argumentsOf(answer)
  return {
    index: 0,
    message: {
      role: 'assistant',
      content,
      refusal,
      ...reasoningMembers(blocks),
      ...(answer === undefined ? citationMembers(sources) : {}),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    },
    logprobs: null,
    finish_reason: finishReason(body['stop_reason'], calls.length > 0),
    ...stopMembers(body),
  }
}

/** The vendor's own reason, under its own names. */
export function stopMembers(body: JsonObject): JsonObject {
  const names = ['stop_reason', 'stop_sequence', 'stop_details'] as const
  return Object.fromEntries(
    names.filter((name) => (body[name] ?? null) !== null).map((name) => [name, body[name]]),
  )
}

/** The vendor's explanation of a refusal. */
export function refusalOf(body: JsonObject): string | null {
  const details = body['stop_details']
  if (body['stop_reason'] !== 'refusal' || !isObject(details)) return null
  return typeof details['explanation'] === 'string' ? details['explanation'] : null
}

/** The arguments of a call as the string that OpenAI clients parse. */
export function argumentsOf(block: JsonObject): string {
  const input = block['input']
  if (typeof input === 'string') return input.trim() === '' ? '{}' : input
  return JSON.stringify(input ?? {})
}

function toolCall(block: JsonObject, call: Call<ChatRequest>, index: number): ToolCall {
  if (typeof block['name'] !== 'string') throw badResponse('a tool_use block has no name')
  const id = typeof block['id'] === 'string' && block['id'] !== '' ? block['id'] : `toolu_${call.id}_${index}`
  return { id, type: 'function', function: { name: block['name'], arguments: argumentsOf(block) } }
}

function spokenText(blocks: readonly JsonObject[]): { text: string; sources: CitedSources } {
  let text = ''
  const found: CitedSources[] = []
  for (const block of blocks) {
    if (block['type'] !== 'text' || typeof block['text'] !== 'string') continue
    const start = text.length
    text += block['text']
    found.push(citedSources(block['citations'], start, text.length))
  }
  const sources = {
    annotations: found.flatMap(({ annotations }) => annotations),
    citations: found.flatMap(({ citations }) => citations),
  }
  return { text, sources }
}

function reasoningMembers(blocks: readonly JsonObject[]): {
  reasoning_content?: string
  thinking_blocks?: unknown
} {
  const thoughts = blocks.filter(
    (block) => block['type'] === 'thinking' || block['type'] === 'redacted_thinking',
  )
  const text = thoughts.map(({ thinking }) => (typeof thinking === 'string' ? thinking : '')).join('')
  return {
    ...(text === '' ? {} : { reasoning_content: text }),
    ...(thoughts.length === 0 ? {} : { thinking_blocks: thoughts }),
  }
}

/** Old clients asked with `functions` and read `function_call`. */
function inClientForm(choice: ChatChoice, call: Call<ChatRequest>): ChatChoice {
  const [first] = choice.message.tool_calls ?? []
  if (first === undefined || !usesLegacyFunctions(call.body)) return choice
  const { tool_calls: _, ...message } = choice.message
  const finish = choice.finish_reason === 'tool_calls' ? 'function_call' : choice.finish_reason
  return { ...choice, message: { ...message, function_call: first.function }, finish_reason: finish }
}

function extras(body: JsonObject): JsonObject {
  const names = ['container', 'context_management'] as const
  return Object.fromEntries(
    names.filter((name) => (body[name] ?? null) !== null).map((name) => [name, body[name]]),
  )
}

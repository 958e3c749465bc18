import type { Behaviour } from './model-name.ts'
import { contentText } from './openai-chat.ts'
import { isObject, type JsonObject } from './schema-instance.ts'
import type { Script } from './script.ts'
import { type Frame, streamScript } from './stream-frames.ts'
import { type Conversation, cutText, takeTurn, type Turn } from './turn.ts'
import { wholeScript } from './whole-answer.ts'

const signature = 'bW9jay1zaWduYXR1cmU='

/** Answers a checked Messages body. */
export function answerMessages(body: JsonObject, behaviour: Behaviour): Script {
  const turn = takeTurn(readMessages(body), behaviour)
  const model = String(body.model)
  if (body.stream === true) return streamScript(messageFrames(turn, model, behaviour), behaviour, 'anthropic')
  const message = {
    ...envelope(model),
    content: blocks(turn),
    stop_reason: behaviour['no-finish'] ? null : stopReason(turn),
    stop_sequence: null,
    ...(!behaviour['no-usage'] && { usage: usage(turn, turn.usage.completion) }),
  }
  return wholeScript(message, behaviour, 'anthropic')
}

/** Reads a Messages body. Its shape has been checked. */
export function readMessages(body: JsonObject): Conversation {
  const messages = body.messages as readonly JsonObject[]
  const user = messages.findLast((message) => message.role === 'user')
  const last = messages.at(-1)
  const results = toolResults(last)
  const system = contentText(body.system)
  const choice = isObject(body.tool_choice) ? body.tool_choice : {}
  const tools = (Array.isArray(body.tools) ? body.tools : []).flatMap((tool: unknown) =>
    isObject(tool) && typeof tool.name === 'string'
      ? [{ name: tool.name, parameters: tool.input_schema }]
      : [],
  )
  const format =
    isObject(body.output_config) && isObject(body.output_config.format) ? body.output_config.format : {}
  return {
    lastUserText: user ? contentText(user.content) : '',
    ...(results.length > 0 && { toolResult: results.join(' ') }),
    ...(last?.role === 'assistant' && { begun: contentText(last.content) }),
    characters: system.length + messages.reduce((sum, message) => sum + charactersOf(message.content), 0),
    everything: () => [system, ...messages.map((message) => contentText(message.content))].join('\n'),
    tools: choice.type === 'tool' ? tools.filter((tool) => tool.name === choice.name) : tools,
    toolsForbidden: choice.type === 'none',
    ...(typeof body.max_tokens === 'number' && { maxTokens: body.max_tokens }),
    ...(format.schema !== undefined && { schema: format.schema }),
  }
}

function toolResults(message: JsonObject | undefined): readonly string[] {
  if (message?.role !== 'user' || !Array.isArray(message.content)) return []
  return message.content.flatMap((block: unknown) =>
    isObject(block) && block.type === 'tool_result' ? [contentText(block.content)] : [],
  )
}

function charactersOf(content: unknown): number {
  if (!Array.isArray(content)) return contentText(content).length
  return content.reduce((sum: number, block: unknown) => {
    if (!isObject(block)) return sum
    return sum + (typeof block.text === 'string' ? block.text.length : contentText(block.content).length)
  }, 0)
}

function envelope(model: string): object {
  return { id: 'msg_mock', type: 'message', role: 'assistant', model }
}

function usage(turn: Turn, output: number): object {
  return {
    input_tokens: turn.usage.prompt,
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 0,
    output_tokens: output,
    service_tier: 'standard',
  }
}

function stopReason(turn: Turn): string {
  if (turn.refusal || turn.finish === 'content_filter') return 'refusal'
  if (turn.finish === 'length') return 'max_tokens'
  return turn.finish === 'tool_calls' ? 'tool_use' : 'end_turn'
}

function blocks(turn: Turn): readonly object[] {
  return [
    ...(turn.reasoning ? [{ type: 'thinking', thinking: turn.reasoning, signature }] : []),
    ...(turn.text ? [{ type: 'text', text: turn.text }] : []),
    ...turn.toolCalls.map((call) => ({
      type: 'tool_use',
      id: toolId(call.id),
      name: call.name,
      input: JSON.parse(call.arguments || '{}') as unknown,
    })),
  ]
}

function toolId(id: string): string {
  return id.replace('call_', 'toolu_')
}

/** One content block of a stream: how it starts, and its deltas. */
interface Block {
  readonly start: object
  readonly deltas: readonly object[]
}

function streamedBlocks(turn: Turn): readonly Block[] {
  const thinking: Block = {
    start: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...cutText(turn.reasoning).map((piece) => ({ type: 'thinking_delta', thinking: piece })),
      { type: 'signature_delta', signature },
    ],
  }
  const said: Block = {
    start: { type: 'text', text: '' },
    deltas: turn.pieces.map((piece) => ({ type: 'text_delta', text: piece })),
  }
  const calls = turn.toolCalls.map((call): Block => ({
    start: { type: 'tool_use', id: toolId(call.id), name: call.name, input: {} },
    // A call without arguments is one empty delta on this wire.
    deltas: ['', ...(call.arguments === '{}' ? [] : (call.arguments.match(/.{1,8}/gsu) ?? []))].map(
      (piece) => ({
        type: 'input_json_delta',
        partial_json: piece,
      }),
    ),
  }))
  return [...(turn.reasoning ? [thinking] : []), ...(turn.text ? [said] : []), ...calls]
}

function messageFrames(turn: Turn, model: string, behaviour: Behaviour): readonly Frame[] {
  const event = (part: Frame['part'], type: string, members: object = {}): Frame => ({
    part,
    text: `event: ${type}\ndata: ${JSON.stringify({ type, ...members })}\n\n`,
  })
  const reported = behaviour['no-usage'] ? {} : { usage: usage(turn, turn.usage.completion) }
  const start = {
    ...envelope(model),
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usage(turn, 1),
  }
  return [
    event('opening', 'message_start', { message: start }),
    event('opening', 'ping'),
    ...streamedBlocks(turn).flatMap((block, index) => [
      event('opening', 'content_block_start', { index, content_block: block.start }),
      ...block.deltas.map((delta) => event('content', 'content_block_delta', { index, delta })),
      event('opening', 'content_block_stop', { index }),
    ]),
    event('finish', 'message_delta', {
      delta: { stop_reason: stopReason(turn), stop_sequence: null },
      ...reported,
    }),
    event('done', 'message_stop'),
  ]
}

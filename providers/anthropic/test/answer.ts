import { type Play, playOf, type SimulatedAnswer } from '@llmproxy/provider-kit/testing'
import type { MessagesBody } from './request-schema.ts'

type Block = Readonly<Record<string, unknown>> & { readonly type: string }

const id = 'msg_01Simulated'
const usage = { input_tokens: 12, cache_creation_input_tokens: 2, cache_read_input_tokens: 3 }
const outputTokens = 29

/** Plays the scene that the last text of the conversation asks for, whole or streamed. */
export function messageAnswer(body: MessagesBody): SimulatedAnswer {
  const play = playOf(lastText(body))
  const blocks = blocksOf(play, body)
  const used = blocks.some(({ type }) => type === 'tool_use')
  const stop = {
    stop_reason: play.length ? 'max_tokens' : used ? 'tool_use' : 'end_turn',
    stop_sequence: null,
  }
  const message = { id, type: 'message', role: 'assistant', model: body.model }
  if (body.stream !== true) {
    return {
      json: { ...message, content: blocks, ...stop, usage: { ...usage, output_tokens: outputTokens } },
    }
  }
  return {
    pieces: written(
      events({ ...message, content: [], stop_reason: null, stop_sequence: null }, blocks, stop),
    ),
  }
}

function lastText({ messages }: MessagesBody): string {
  const content = messages.at(-1)?.content ?? ''
  if (typeof content === 'string') return content
  return content.map((block) => (block.type === 'text' ? block.text : '')).join('\n')
}

function blocksOf(play: Play, { tools = [], tool_choice: choice }: MessagesBody): Block[] {
  const limit = choice?.type === 'none' ? 0 : choice?.disable_parallel_tool_use === true ? 1 : play.toolCalls
  const calls = tools.slice(0, Math.min(limit, play.toolCalls)).map(({ name }, index): Block => ({
    type: 'tool_use',
    id: `toolu_01Simulated${index}`,
    name,
    input: play.noArguments ? {} : { city: 'Rome' },
  }))
  return [
    ...(play.reasoning ? [{ type: 'thinking', thinking: 'The user asks.', signature: 'c2lnbmF0dXJl' }] : []),
    { type: 'text', text: play.text },
    ...calls,
  ]
}

function events(message: object, blocks: readonly Block[], stop: object): Block[] {
  const start = { type: 'message_start', message: { ...message, usage: { ...usage, output_tokens: 1 } } }
  return [
    start,
    { type: 'ping' },
    // The vendor has been seen to repeat it.
    start,
    ...blocks.flatMap(blockEvents),
    // Without the input tokens, which the first event had.
    { type: 'message_delta', delta: stop, usage: { output_tokens: outputTokens } },
    { type: 'message_stop' },
  ]
}

function blockEvents(block: Block, index: number): Block[] {
  return [
    { type: 'content_block_start', index, content_block: opened(block) },
    { type: 'ping' },
    ...deltas(block).map((delta): Block => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

function opened(block: Block): Block {
  if (block.type === 'text') return { type: 'text', text: '' }
  return block.type === 'tool_use'
    ? { ...block, input: {} }
    : { type: 'thinking', thinking: '', signature: '' }
}

function deltas({ type, text, thinking, signature, input }: Block): Block[] {
  switch (type) {
    case 'text':
      return halves(String(text)).map((half) => ({ type: 'text_delta', text: half }))
    case 'thinking':
      return [
        ...halves(String(thinking)).map((half) => ({ type: 'thinking_delta', thinking: half })),
        { type: 'signature_delta', signature },
      ]
    default: {
      const written = JSON.stringify(input)
      // A tool without arguments sends one empty piece.
      const pieces = written === '{}' ? [''] : ['', ...halves(written)]
      return pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
    }
  }
}

function halves(text: string): string[] {
  const letters = Array.from(text)
  const middle = Math.ceil(letters.length / 2)
  return [letters.slice(0, middle).join(''), letters.slice(middle).join('')]
}

/** The bytes of named events, cut where no event and no character ends. */
function written(list: readonly Block[]): Uint8Array[] {
  const bytes = Buffer.from(
    list.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''),
  )
  const size = 331
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, part) =>
    bytes.subarray(part * size, (part + 1) * size),
  )
}

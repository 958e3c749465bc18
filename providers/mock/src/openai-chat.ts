import type { Behaviour } from './model-name.ts'
import { isObject, type JsonObject } from './schema-instance.ts'
import { scenarioFrames } from './scenario-frames.ts'
import { pause, type Script } from './script.ts'
import { type Frame, streamHead, streamScript } from './stream-frames.ts'
import { type Conversation, cutText, takeTurn, type Turn } from './turn.ts'
import { wholeScript } from './whole-answer.ts'

/** When every answer was made: fixed, so that equal requests get equal bytes. Unix seconds. */
export const created = 1_700_000_000

/** Answers a checked chat-completions body. */
export function answerChat(body: JsonObject, behaviour: Behaviour): Script {
  const conversation = readConversation(body)
  const turn = takeTurn(conversation, behaviour)
  const model = String(body.model)
  const choices = Number(body.n ?? 1)
  if (body.stream !== true)
    return wholeScript(chatCompletion(turn, model, choices, behaviour), behaviour, 'openai')
  const options = isObject(body.stream_options) ? body.stream_options : {}
  const includeUsage = options.include_usage === true
  // A client that runs the tools of a scenario comes back with results: it must get a text then, or it would loop.
  if (behaviour.scenario && conversation.toolResult === undefined) {
    const steps = behaviour.scenario.steps(scenarioFrames(model, includeUsage))
    return [streamHead('openai'), ...pause(behaviour.silent?.[0] ?? 0), ...steps]
  }
  return streamScript(chatFrames(turn, { model, choices, behaviour, includeUsage }), behaviour, 'openai')
}

/** Reads an OpenAI chat body. Its shape has been checked. */
export function readConversation(body: JsonObject): Conversation {
  const messages = body.messages as readonly JsonObject[]
  const last = messages.at(-1)
  const user = messages.findLast((message) => message.role === 'user')
  const limit = body.max_completion_tokens ?? body.max_tokens
  const format = isObject(body.response_format) ? body.response_format : {}
  const schema = isObject(format.json_schema) ? format.json_schema.schema : undefined
  return {
    lastUserText: user ? contentText(user.content) : '',
    ...(last?.role === 'tool' && { toolResult: contentText(last.content) }),
    ...(last?.role === 'assistant' && { begun: contentText(last.content) }),
    characters: messages.reduce((sum, message) => sum + contentText(message.content).length, 0),
    everything: () => messages.map((message) => contentText(message.content)).join('\n'),
    tools: chosenTools(body),
    toolsForbidden: body.tool_choice === 'none',
    ...(typeof limit === 'number' && { maxTokens: limit }),
    ...(schema !== undefined && { schema }),
  }
}

/** The text of a content member: a string, or its text parts joined. */
export function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  return content
    .map((part: unknown) => (isObject(part) && typeof part.text === 'string' ? part.text : ''))
    .join('')
}

function chosenTools(body: JsonObject): Conversation['tools'] {
  const tools = (Array.isArray(body.tools) ? body.tools : []).flatMap((tool: unknown) => {
    const made = isObject(tool) && isObject(tool.function) ? tool.function : {}
    return typeof made.name === 'string' ? [{ name: made.name, parameters: made.parameters }] : []
  })
  const choice =
    isObject(body.tool_choice) && isObject(body.tool_choice.function)
      ? body.tool_choice.function.name
      : undefined
  return choice === undefined ? tools : tools.filter((tool) => tool.name === choice)
}

/** The `usage` member of OpenAI answers. */
export function openaiUsage(turn: Turn, choices: number): object {
  const completion = turn.usage.completion * choices
  return {
    prompt_tokens: turn.usage.prompt,
    completion_tokens: completion,
    total_tokens: turn.usage.prompt + completion,
    prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: turn.usage.reasoning * choices, audio_tokens: 0 },
  }
}

function chatCompletion(turn: Turn, model: string, count: number, behaviour: Behaviour): object {
  const calls = turn.toolCalls.map(({ id, name, arguments: text }) => ({
    id,
    type: 'function',
    function: { name, arguments: text },
  }))
  const message = {
    role: 'assistant',
    content: calls.length > 0 || turn.refusal ? null : turn.text,
    refusal: turn.refusal || null,
    ...(turn.reasoning && { reasoning_content: turn.reasoning }),
    ...(calls.length > 0 && { tool_calls: calls }),
  }
  const finish = behaviour['no-finish'] ? null : turn.finish
  return {
    id: 'chatcmpl-mock',
    object: 'chat.completion',
    created,
    model,
    choices: Array.from({ length: count }, (_, index) => ({
      index,
      message,
      logprobs: null,
      finish_reason: finish,
    })),
    ...(!behaviour['no-usage'] && { usage: openaiUsage(turn, count) }),
    system_fingerprint: 'fp_mock',
  }
}

interface Stream {
  readonly model: string
  readonly choices: number
  readonly behaviour: Behaviour
  readonly includeUsage: boolean
}

function chatFrames(turn: Turn, stream: Stream): readonly Frame[] {
  const head = {
    id: 'chatcmpl-mock',
    object: 'chat.completion.chunk',
    created,
    model: stream.model,
    system_fingerprint: 'fp_mock',
  }
  const usage = stream.includeUsage && !stream.behaviour['no-usage'] ? { usage: null } : {}
  const frame = (part: Frame['part'], members: object): Frame => ({
    part,
    text: `data: ${JSON.stringify({ ...head, ...members })}\n\n`,
  })
  const each = (part: Frame['part'], delta: object, finish: string | null = null): Frame[] =>
    Array.from({ length: stream.choices }, (_, index) =>
      frame(part, { choices: [{ index, delta, logprobs: null, finish_reason: finish }], ...usage }),
    )
  return [
    ...each('opening', { role: 'assistant', content: '', refusal: null }),
    ...cutText(turn.reasoning).flatMap((piece) => each('content', { reasoning_content: piece })),
    ...turn.pieces.flatMap((piece) => each('content', { content: piece })),
    ...cutText(turn.refusal).flatMap((piece) => each('content', { refusal: piece })),
    ...toolDeltas(turn).flatMap((delta) => each('content', { tool_calls: [delta] })),
    ...each('finish', {}, turn.finish),
    ...('usage' in usage ? [frame('usage', { choices: [], usage: openaiUsage(turn, stream.choices) })] : []),
    { part: 'done', text: 'data: [DONE]\n\n' },
  ]
}

/** Each call opens with id, type and name; its arguments follow in pieces of eight characters. */
function toolDeltas(turn: Turn): readonly object[] {
  return turn.toolCalls.flatMap((call, index) => [
    { index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } },
    ...(call.arguments.match(/.{1,8}/gsu) ?? []).map((piece) => ({ index, function: { arguments: piece } })),
  ])
}

import {
  lastTextOf,
  type Play,
  playOf,
  type SimulatedAnswer,
  type SimulatedRequest,
  type SimulatedVendor,
  startSimulator,
  type Violation,
} from '@llmproxy/provider-kit/testing'
import type { z } from 'zod'
import { chatBody, type ChatBody, embedBody, generateBody, orderProblem } from './vendor-schema.ts'

const key = 'test-key'
const models = [
  { name: 'command-a-03-2025', endpoints: ['chat'] },
  { name: 'embed-v4.0', endpoints: ['embed'] },
  { name: 'rerank-v3.5', endpoints: ['rerank'] },
]

/** Cohere on loopback: `/v2/chat` with named events, `/v2/embed`, and the old `/v1/generate`. */
export const vendor: SimulatedVendor = {
  type: 'cohere',
  models: { chat: 'command-a-03-2025', embeddings: 'embed-v4.0' },
  options: (url) => ({ api_key: key, base_url: url }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: '/v2/chat',
          check: ({ body }) => problem(chatBody, body) ?? orderProblem(body as ChatBody),
          answer: ({ body }) => chatAnswer(body as ChatBody),
        },
        {
          method: 'POST',
          path: '/v2/embed',
          check: ({ body }) => problem(embedBody, body),
          answer: ({ body }) => embedAnswer(body as z.output<typeof embedBody>),
        },
        {
          method: 'POST',
          path: '/v1/generate',
          check: ({ body }) => problem(generateBody, body),
          answer: ({ body }) => generateAnswer(body as z.output<typeof generateBody>),
        },
        { method: 'GET', path: '/v1/models', answer: () => ({ json: { models, next_page_token: '' } }) },
      ],
      // Flat, without any code.
      refusal: ({ message }) => ({ id: 'r1', message }),
    }),
}

function authenticate({ headers }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`) return 'invalid api token'
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  return other && { status: 400, message: `the header ${other} has no business here` }
}

function problem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue && `invalid request: ${issue.path.join('.')}: ${issue.message}`
}

const id = 'e7592632-1e3d'
const usage = {
  billed_units: { input_tokens: 12, output_tokens: 7 },
  tokens: { input_tokens: 507, output_tokens: 10 },
  cached_tokens: 448,
}

interface PlayedCall {
  readonly id: string
  readonly name: string
  /** What is streamed, in pieces; none for a tool without arguments. */
  readonly pieces: readonly string[]
}

function chatAnswer(body: ChatBody): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  const calls = callsOf(body, play)
  const finish = calls.length > 0 ? 'TOOL_CALL' : play.length ? 'MAX_TOKENS' : 'COMPLETE'
  return body.stream === true
    ? { pieces: streamed(play, calls, finish) }
    : { json: { id, message: messageOf(play, calls), finish_reason: finish, usage } }
}

function callsOf({ tools = [], tool_choice: choice }: ChatBody, play: Play): PlayedCall[] {
  const wanted = choice === 'NONE' ? 0 : choice === 'REQUIRED' ? Math.max(1, play.toolCalls) : play.toolCalls
  return tools.slice(0, wanted).map(({ function: { name } }, index) => ({
    id: `${name}_dqgsht${index}`,
    name,
    pieces: play.noArguments ? [] : ['{"', 'city', '": "Zürich"}'],
  }))
}

function messageOf({ reasoning, text }: Play, calls: readonly PlayedCall[]): object {
  if (calls.length === 0) {
    const thought = reasoning ? [{ type: 'thinking', thinking: 'Let me think.' }] : []
    return { role: 'assistant', content: [...thought, { type: 'text', text }] }
  }
  return {
    role: 'assistant',
    tool_plan: 'I will look it up.',
    tool_calls: calls.map(({ id: callId, name, pieces }) => ({
      id: callId,
      type: 'function',
      // The word null is how the vendor says: no arguments.
      function: { name, arguments: pieces.join('') || 'null' },
    })),
  }
}

type Event = Readonly<Record<string, unknown>> & { readonly type: string }

function streamed(play: Play, calls: readonly PlayedCall[], finish: string): string[] {
  const start = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }
  const events: Event[] = [
    { id, type: 'message-start', delta: { message: start } },
    ...(calls.length > 0 ? [...planEvents(), ...calls.flatMap(callEvents)] : contentEvents(play)),
    { type: 'message-end', delta: { finish_reason: finish, usage } },
  ]
  const lines = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
  return [...lines, 'data: [DONE]\n\n']
}

function planEvents(): Event[] {
  return ['I will', ' look it up.'].map((piece) => ({
    type: 'tool-plan-delta',
    delta: { message: { tool_plan: piece } },
  }))
}

function contentEvents({ reasoning, text }: Play): Event[] {
  const half = Math.floor(text.length / 2)
  const item = (index: number, type: 'thinking' | 'text', pieces: readonly string[]): Event[] => [
    { type: 'content-start', index, delta: { message: { content: { type, [type]: '' } } } },
    ...pieces.map((piece) => ({
      type: 'content-delta',
      index,
      delta: { message: { content: { [type]: piece } } },
    })),
    { type: 'content-end', index },
  ]
  const thought = reasoning ? item(0, 'thinking', ['Let me', ' think.']) : []
  return [...thought, ...item(reasoning ? 1 : 0, 'text', [text.slice(0, half), text.slice(half)])]
}

function callEvents({ id: callId, name, pieces }: PlayedCall, index: number): Event[] {
  const called = { id: callId, type: 'function', function: { name, arguments: '' } }
  return [
    { type: 'tool-call-start', index, delta: { message: { tool_calls: called } } },
    ...pieces.map((piece) => ({
      type: 'tool-call-delta',
      index,
      delta: { message: { tool_calls: { function: { arguments: piece } } } },
    })),
    { type: 'tool-call-end', index },
  ]
}

function embedAnswer({
  texts,
  embedding_types: [type = 'float'],
}: z.output<typeof embedBody>): SimulatedAnswer {
  // The same vector for each text, as numbers and as little-endian floats.
  const vectors = texts.map(() => (type === 'base64' ? 'AAAAPwAAgL4AAIA/' : [0.5, -0.25, 1]))
  const meta = { api_version: { version: '2' }, billed_units: { input_tokens: 4 * texts.length } }
  const embeddings = { [type]: vectors }
  return { json: { id: 'e1', embeddings, texts, meta, response_type: 'embeddings_by_type' } }
}

function generateAnswer({
  prompt,
  num_generations: count = 1,
}: z.output<typeof generateBody>): SimulatedAnswer {
  const { text, length } = playOf(prompt)
  const finish = length ? 'MAX_TOKENS' : 'COMPLETE'
  const generations = Array.from({ length: count }, (_, index) => ({
    id: `g${index}`,
    index,
    text: ` ${text}`,
    finish_reason: finish,
  }))
  const billed = { input_tokens: 12, output_tokens: 7 }
  return { json: { id, prompt, generations, meta: { api_version: { version: '1' }, billed_units: billed } } }
}

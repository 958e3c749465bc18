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
import { chatBody, type ChatBody, embeddingsBody, orderProblem } from './vendor-schema.ts'

const key = 'test-key'
const models = ['mistral-small-latest', 'mistral-embed']

/** Mistral on loopback: members that it does not know are refused, calls come whole and without their index. */
export const vendor: SimulatedVendor = {
  type: 'mistral',
  models: { chat: 'mistral-small-latest', embeddings: 'mistral-embed' },
  options: (url) => ({ api_key: key, base_url: `${url}/v1` }),
  start: () =>
    startSimulator({
      authenticate,
      routes: [
        {
          method: 'POST',
          path: '/v1/chat/completions',
          check: ({ body }) => problem(chatBody, body) ?? orderProblem(body as ChatBody),
          answer: ({ body }) => chatAnswer(body as ChatBody),
        },
        {
          method: 'POST',
          path: '/v1/embeddings',
          check: ({ body }) => problem(embeddingsBody, body),
          answer: ({ body }) => embeddingsAnswer(body as z.output<typeof embeddingsBody>),
        },
        {
          method: 'GET',
          path: '/v1/models',
          answer: () => ({ json: { object: 'list', data: models.map((id) => ({ id, object: 'model' })) } }),
        },
      ],
      refusal: ({ status, message }) => {
        if (status === 401) return { detail: message }
        if (status !== 422) return { object: 'error', message, type: 'invalid_request_error', code: null }
        return { detail: [{ loc: ['body'], msg: message, type: 'extra_forbidden', input: 'the prompt' }] }
      },
    }),
}

function authenticate({ headers }: SimulatedRequest): Violation | string | undefined {
  if (headers['authorization'] !== `Bearer ${key}`) return 'Unauthorized'
  const other = ['x-api-key', 'api-key', 'x-goog-api-key'].find((name) => headers[name] !== undefined)
  return other && { status: 400, message: `the header ${other} has no business here` }
}

function problem(schema: z.ZodType, body: unknown): Violation | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue && { status: 422, message: `${issue.path.join('.')}: ${issue.message}` }
}

const usage = { prompt_tokens: 20, completion_tokens: 8, total_tokens: 28, num_cached_tokens: 4 }
const head = { id: 'b3999b8c93e0', created: 1_790_000_000 }

function chatAnswer(body: ChatBody): SimulatedAnswer {
  const play = playOf(lastTextOf(body.messages))
  const calls = callsOf(body, play)
  const finish = calls.length > 0 ? 'tool_calls' : play.length ? 'model_length' : 'stop'
  if (body.stream === true) return { pieces: streamed(body, play, calls, finish) }
  const message = calls.length > 0 ? { tool_calls: calls } : { content: contentOf(play) }
  const choices = Array.from({ length: body.n ?? 1 }, (_, index) => ({
    index,
    message: { role: 'assistant', ...message },
    finish_reason: finish,
  }))
  return { json: { ...head, object: 'chat.completion', model: body.model, choices, usage } }
}

function thought(text: string): object {
  return { type: 'thinking', thinking: [{ type: 'text', text }] }
}

function contentOf({ reasoning, text }: Play): unknown {
  return reasoning ? [thought('Let me think.'), { type: 'text', text }] : text
}

/** Without a type, and in streams without an index. */
function callsOf({ tools = [], tool_choice: choice }: ChatBody, play: Play): object[] {
  const wanted = choice === 'none' ? 0 : choice === 'any' ? Math.max(1, play.toolCalls) : play.toolCalls
  return tools.slice(0, wanted).map(({ function: { name } }, index) => ({
    id: `aB3dE5gH${index}`,
    function: { name, arguments: play.noArguments ? '' : '{"city": "Zürich"}' },
  }))
}

function streamed(body: ChatBody, play: Play, calls: readonly object[], finish: string): string[] {
  const line = (frame: unknown) => `data: ${JSON.stringify(frame)}\n\n`
  const chunk = (delta: object, end: string | null = null, extras: object = {}) =>
    Array.from({ length: body.n ?? 1 }, (_, index) => {
      const choices = [{ index, delta, finish_reason: end, logprobs: null }]
      return line({ ...head, object: 'chat.completion.chunk', model: body.model, choices, ...extras })
    })
  const half = Math.floor(play.text.length / 2)
  const texts =
    calls.length > 0
      ? []
      : [play.text.slice(0, half), play.text.slice(half)].flatMap((content) => chunk({ content }))
  return [
    ...chunk({ role: 'assistant', content: '' }),
    ...(play.reasoning ? chunk({ content: [thought('Let me think.')] }) : []),
    ...texts,
    // Everything at the end comes in one chunk.
    ...chunk({ content: '', ...(calls.length > 0 && { tool_calls: calls }) }, finish, { usage }),
    'data: [DONE]\n\n',
  ]
}

function embeddingsAnswer({ model, input }: z.output<typeof embeddingsBody>): SimulatedAnswer {
  const count = Array.isArray(input) ? input.length : 1
  const data = Array.from({ length: count }, (_, index) => ({
    object: 'embedding',
    embedding: [0.5, -0.25, 1],
    index,
  }))
  const tokens = { prompt_tokens: 4 * count, total_tokens: 4 * count, completion_tokens: 0 }
  return { json: { id: 'e1', object: 'list', data, model, usage: tokens } }
}

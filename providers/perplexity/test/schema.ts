import { isObject } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** Strict schemas of the vendor's requests: a member that it does not have may not get through to it. */

const url = z.strictObject({ url: z.string().min(1) })

const part = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({ url: z.string().regex(/^(?:https:|data:image\/[a-z]+;base64,)/) }),
  }),
  z.strictObject({
    type: z.literal('file_url'),
    // A bare base64 text or a URL, without the head of a data URL.
    file_url: z.strictObject({ url: z.string().regex(/^(?!data:)./) }),
    file_name: z.string().optional(),
  }),
  z.strictObject({ type: z.literal('pdf_url'), pdf_url: url }),
  z.strictObject({ type: z.literal('video_url'), video_url: url }),
])

const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.string() }),
  z.strictObject({ role: z.literal('user'), content: z.union([z.string(), z.array(part).min(1)]) }),
  z.strictObject({ role: z.literal('assistant'), content: z.string() }),
  z.strictObject({ role: z.literal('tool'), content: z.string(), tool_call_id: z.string().min(1) }),
])

const calling = z.strictObject({
  role: z.literal('assistant'),
  content: z.string().nullable(),
  tool_calls: z.array(toolCall).min(1),
})

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().optional(),
  }),
})

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      schema: z.looseObject({}),
      name: z.string().optional(),
      strict: z.boolean().optional(),
    }),
  }),
  z.strictObject({ type: z.literal('regex'), regex: z.strictObject({ regex: z.string() }) }),
])

const penalty = z.number().min(-2).max(2).optional()

/** `POST /chat/completions`. */
export const chatSchema = z
  .strictObject({
    model: z.string().min(1),
    messages: z.array(z.union([message, calling])).min(1),
    max_tokens: z.int().min(16, 'max_tokens must be at least 16 for sonar.').optional(),
    temperature: z.number().min(0).lt(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    top_k: z.int().min(0).optional(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
    stream: z.boolean().optional(),
    stream_mode: z.enum(['full', 'concise']).optional(),
    frequency_penalty: penalty,
    presence_penalty: penalty,
    logprobs: z.boolean().optional(),
    top_logprobs: z.int().min(0).optional(),
    response_format: responseFormat.optional(),
    tools: z.array(tool).min(1).optional(),
    tool_choice: z.enum(['none', 'auto', 'required']).optional(),
    parallel_tool_calls: z.boolean().optional(),
    reasoning_effort: z.enum(['minimal', 'low', 'medium', 'high']).optional(),
    web_search_options: z.looseObject({}).optional(),
    search_mode: z.string().optional(),
    search_domain_filter: z.array(z.string()).optional(),
  })
  .refine(
    (body) => body.frequency_penalty === undefined || body.presence_penalty === undefined,
    'only one of both penalties may be set',
  )
  .refine(
    (body) => body.reasoning_effort === undefined || /reasoning|research/.test(body.model),
    'reasoning_effort is for reasoning models',
  )
  .refine(
    (body) => body.tools !== undefined || (body.tool_choice ?? body.parallel_tool_calls) === undefined,
    'there are no tools to choose from',
  )

/** `POST /v1/ask`. */
export const askSchema = z.strictObject({
  model: z.string().min(1),
  query: z.string(),
  max_tokens: z.int().min(1).optional(),
  temperature: z.number().optional(),
})

/** `POST /v1/embeddings`. */
export const embeddingsSchema = z.strictObject({
  model: z.string().regex(/^pplx-embed-/),
  input: z.union([z.string(), z.array(z.string()).min(1).max(512)]),
  dimensions: z.int().min(128).max(2560).optional(),
  encoding_format: z.enum(['base64_int8', 'base64_binary']),
})

/** What is wrong with a body, in one sentence; `undefined` when it is fine. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue && `${issue.path.map(String).join('.')}: ${issue.message}`
}

/** What is wrong with the order of the messages. */
export function orderProblem(body: unknown): string | undefined {
  const messages = isObject(body) && Array.isArray(body['messages']) ? body['messages'].filter(isObject) : []
  const start = messages.findIndex(({ role }) => role !== 'system')
  const turns = start === -1 ? [] : messages.slice(start)
  let open = new Set<unknown>()
  for (const [index, { role, tool_calls: calls, tool_call_id: id }] of turns.entries()) {
    const before = turns[index - 1]?.['role']
    if (role === 'tool') {
      if (!open.delete(id)) return `the tool result ${String(id)} has no call`
      continue
    }
    if (open.size > 0) return 'calls have no results'
    if (role === 'system' || role === before || (before === undefined && role !== 'user'))
      return 'After the (optional) system message(s), user and assistant roles should be alternating.'
    open = new Set(Array.isArray(calls) ? calls.filter(isObject).map((call) => call['id']) : [])
  }
  const last = turns.at(-1)?.['role']
  return last === 'user' || last === 'tool' ? undefined : 'Last message must have role `user`.'
}

import { z } from 'zod'

/** What the vendor takes as a body: OpenAI's, without what its documentation says is answered 400. */

const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)
const textPart = z.strictObject({ type: z.literal('text'), text: z.string() })
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z.string().regex(/^(?:https?:\/\/|data:image\/)/),
    detail: z.enum(['auto', 'low', 'high']).optional(),
  }),
})
const texts = z.union([z.string(), z.array(textPart).min(1)])
const call = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name, arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: texts }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.union([textPart, imagePart])).min(1)]),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: texts.nullish(),
    tool_calls: z.array(call).min(1).optional(),
    function_call: z.strictObject({ name, arguments: z.string() }).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string() }),
  z.strictObject({ role: z.literal('function'), content: z.string().nullable(), name }),
])

const called = z.strictObject({
  name,
  description: z.string().optional(),
  parameters: z.record(z.string(), z.unknown()).optional(),
  strict: z.boolean().optional(),
})
const choice = z.strictObject({ type: z.literal('function'), function: z.strictObject({ name }) })

/** `POST /chat/completions`. What depends on several fields is not told here. */
export const chatBody = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  n: z.literal(1).nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.int().nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  tools: z.array(z.strictObject({ type: z.literal('function'), function: called })).optional(),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), choice]).optional(),
  parallel_tool_calls: z.boolean().optional(),
  functions: z.array(called).optional(),
  function_call: z.union([z.enum(['none', 'auto']), z.strictObject({ name })]).optional(),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
  reasoning_format: z.enum(['parsed', 'raw', 'hidden']).optional(),
  reasoning_effort: z.enum(['none', 'default', 'low', 'medium', 'high']).optional(),
  service_tier: z.enum(['auto', 'on_demand', 'flex', 'performance']).optional(),
  user: z.string().optional(),
  stream: z.boolean().optional(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).nullish(),
})

export type ChatBody = z.output<typeof chatBody>

/** The first thing that is wrong with a body. */
export function problemOf(body: unknown): string | undefined {
  const { data, error } = chatBody.safeParse(body)
  const [issue] = error?.issues ?? []
  if (data === undefined) return `${issue?.path.join('.')}: ${issue?.message}`
  return effortProblem(data) ?? pairProblem(data)
}

function effortProblem({ model, reasoning_effort: effort }: ChatBody): string | undefined {
  if (effort === undefined) return undefined
  const words = model.includes('qwen') ? ['none', 'default'] : ['low', 'medium', 'high']
  return words.includes(effort) ? undefined : `reasoning_effort must be one of ${words.join(', ')}`
}

/** Each call is answered right behind its message, and nothing else is. */
function pairProblem({ messages }: ChatBody): string | undefined {
  const open = new Set<string>()
  for (const sent of messages) {
    if (sent.role === 'tool') {
      if (!open.delete(sent.tool_call_id)) return `no tool call ${sent.tool_call_id} before its result`
      continue
    }
    if (open.size > 0) break
    if (sent.role === 'assistant') for (const { id } of sent.tool_calls ?? []) open.add(id)
  }
  return open.size === 0 ? undefined : `tool calls without results: ${[...open].join()}`
}

import { z } from 'zod'

const text = z.strictObject({ type: z.literal('text'), text: z.string().min(1) })
const image = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z.string().regex(/^(?:https:\/\/|data:)/, 'must be an https or data URL'),
    detail: z.enum(['auto', 'low', 'high']).optional(),
  }),
})
const document = z.union([
  z.string(),
  z.strictObject({ id: z.string().optional(), data: z.record(z.string(), z.unknown()) }),
])

const call = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'invalid tool name'),
    arguments: z.string().refine(isObjectText, 'arguments must be a JSON object'),
  }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: z.string().min(1) }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string().min(1), z.array(z.union([text, image])).min(1)]),
  }),
  z
    .strictObject({
      role: z.literal('assistant'),
      content: z.string().min(1).optional(),
      tool_calls: z.array(call).min(1).optional(),
      tool_plan: z.string().optional(),
    })
    .refine(
      ({ content, tool_calls: calls }) => (content === undefined) !== (calls === undefined),
      'an assistant message has either content or tool_calls',
    ),
  z.strictObject({
    role: z.literal('tool'),
    tool_call_id: z.string().min(1),
    content: z.union([
      z.string(),
      z.array(
        z.union([
          z.strictObject({ type: z.literal('text'), text: z.string() }),
          z.strictObject({ type: z.literal('document'), document }),
        ]),
      ),
    ]),
  }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'invalid tool name'),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()),
  }),
})

const penalty = z.number().min(0).max(1).optional()
const schema = z.record(z.string(), z.unknown())

/** A body of `/v2/chat`. */
export const chatBody = z
  .strictObject({
    model: z.string(),
    messages: z.array(message).min(1),
    stream: z.boolean().optional(),
    max_tokens: z.int().min(0).optional(),
    temperature: z.number().min(0).max(1, 'temperature must be between 0 and 1.0 inclusive').optional(),
    p: z.number().min(0.01).max(0.99).optional(),
    k: z.int().min(0).max(500).optional(),
    stop_sequences: z.array(z.string()).max(5).optional(),
    frequency_penalty: penalty,
    presence_penalty: penalty,
    seed: z.int().optional(),
    logprobs: z.boolean().optional(),
    response_format: z
      .strictObject({ type: z.enum(['text', 'json_object']), json_schema: schema.optional() })
      .optional(),
    tools: z.array(tool).min(1).optional(),
    strict_tools: z.boolean().optional(),
    tool_choice: z.enum(['REQUIRED', 'NONE']).optional(),
    thinking: z
      .strictObject({ type: z.enum(['enabled', 'disabled']), token_budget: z.int().optional() })
      .optional(),
    documents: z.array(document).optional(),
    citation_options: z.strictObject({ mode: z.enum(['FAST', 'ACCURATE', 'OFF']) }).optional(),
    safety_mode: z.enum(['CONTEXTUAL', 'STRICT', 'OFF']).optional(),
    priority: z.int().optional(),
  })
  .refine(
    (body) => body.frequency_penalty === undefined || body.presence_penalty === undefined,
    'only one of frequency_penalty and presence_penalty may be set',
  )
  .refine((body) => body.tool_choice === undefined || body.tools !== undefined, 'tool_choice needs tools')
  .refine(
    (body) =>
      body.response_format?.json_schema === undefined ||
      (body.tools === undefined && body.documents === undefined),
    'json_schema is not supported together with tools or documents',
  )

export type ChatBody = z.output<typeof chatBody>

/** A body of `/v2/embed`. */
export const embedBody = z.strictObject({
  model: z.string(),
  texts: z.array(z.string()).min(1).max(96),
  input_type: z.enum(['search_document', 'search_query', 'classification', 'clustering', 'image']),
  embedding_types: z.array(z.enum(['float', 'base64'])).length(1),
  output_dimension: z.int().optional(),
  truncate: z.enum(['NONE', 'START', 'END']).optional(),
})

/** A body of `/v1/generate`. */
export const generateBody = z.strictObject({
  model: z.string(),
  prompt: z.string().regex(/Assistant: $/, 'the prompt must end where the model goes on'),
  num_generations: z.int().min(1).max(5).optional(),
  max_tokens: z.int().min(0).optional(),
  temperature: z.number().min(0).max(5).optional(),
  end_sequences: z.array(z.string()).optional(),
  seed: z.int().optional(),
  k: z.number().optional(),
  p: z.number().optional(),
  frequency_penalty: z.number().optional(),
  presence_penalty: z.number().optional(),
})

/** What the order of messages breaks; `undefined` when nothing. */
export function orderProblem({ messages }: ChatBody): string | undefined {
  const called = new Set<string>()
  for (const said of messages) {
    if (said.role === 'assistant') for (const { id } of said.tool_calls ?? []) called.add(id)
    if (said.role === 'tool' && !called.has(said.tool_call_id))
      return `tool call id ${said.tool_call_id} not found in previous tool calls`
  }
  return undefined
}

function isObjectText(value: string): boolean {
  try {
    const parsed: unknown = JSON.parse(value)
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
  } catch {
    return false
  }
}

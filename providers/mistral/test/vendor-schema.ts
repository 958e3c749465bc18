import { z } from 'zod'

const text = z.strictObject({ type: z.literal('text'), text: z.string() })
const image = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.union([z.string(), z.strictObject({ url: z.string(), detail: z.string().optional() })]),
})
const document = z.strictObject({ type: z.literal('document_url'), document_url: z.string() })
const content = z.union([z.string(), z.array(z.union([text, image, document]))])
const callId = z.string().regex(/^[a-zA-Z0-9]{9}$/, 'tool call id must be 9 letters or digits')

const call = z.strictObject({
  id: callId,
  type: z.literal('function').optional(),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string().min(1) }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content }),
  z.strictObject({ role: z.literal('user'), content }),
  z
    .strictObject({
      role: z.literal('assistant'),
      content: content.optional(),
      tool_calls: z.array(call).min(1).optional(),
      prefix: z.boolean().optional(),
    })
    .refine(
      (said) => (said.content ?? '') !== '' || said.tool_calls !== undefined,
      'Assistant message must have either content or tool_calls',
    ),
  z.strictObject({ role: z.literal('tool'), content, tool_call_id: callId, name: z.string().optional() }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()),
    strict: z.boolean().optional(),
  }),
})

const format = z.discriminatedUnion('type', [
  z.strictObject({ type: z.enum(['text', 'json_object']) }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: z.string(),
      description: z.string().optional(),
      schema: z.record(z.string(), z.unknown()),
      strict: z.boolean().optional(),
    }),
  }),
])

/** A body of `/chat/completions`; members that the vendor does not know are refused. */
export const chatBody = z.strictObject({
  model: z.string(),
  messages: z.array(message).min(1),
  stream: z.boolean().optional(),
  max_tokens: z.int().min(0).optional(),
  temperature: z.number().min(0).optional(),
  top_p: z.number().min(0).max(1).optional(),
  n: z.int().min(1).optional(),
  stop: z.union([z.string(), z.array(z.string())]).optional(),
  random_seed: z.int().min(0).optional(),
  presence_penalty: z.number().min(-2).max(2).optional(),
  frequency_penalty: z.number().min(-2).max(2).optional(),
  tools: z.array(tool).min(1).optional(),
  tool_choice: z.enum(['auto', 'none', 'any']).optional(),
  parallel_tool_calls: z.boolean().optional(),
  response_format: format.optional(),
  reasoning_effort: z.string().optional(),
  safe_prompt: z.boolean().optional(),
  prompt_mode: z.string().optional(),
})

export type ChatBody = z.output<typeof chatBody>

/** A body of `/embeddings`. */
export const embeddingsBody = z.strictObject({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  output_dimension: z.int().min(1).optional(),
  output_dtype: z.string().optional(),
})

/** What the order of messages breaks; `undefined` when nothing. */
export function orderProblem({ messages }: ChatBody): string | undefined {
  const called = new Set<string>()
  for (const said of messages) {
    if (said.role === 'assistant') for (const { id } of said.tool_calls ?? []) called.add(id)
    if (said.role === 'tool' && !called.has(said.tool_call_id))
      return 'Unexpected tool call id in tool results'
  }
  const last = messages.at(-1)
  return last?.role === 'assistant' && last.prefix !== true
    ? 'Expected last role User or Tool (or Assistant with prefix True) for serving but got assistant'
    : undefined
}

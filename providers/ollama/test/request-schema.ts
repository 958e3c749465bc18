import { z } from 'zod'

const json = z.record(z.string(), z.unknown())
const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: json.optional(),
    strict: z.boolean().optional(),
  }),
})

const dataUrl = z.string().regex(/^data:image\/[a-z+]+;base64,[A-Za-z0-9+/]+=*$/, {
  error: 'image URLs are not currently supported, please use base64 encoded data instead',
})
const part = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text'), text: z.string() }),
  z.strictObject({ type: z.literal('image_url'), image_url: z.strictObject({ url: dataUrl }) }),
])
const content = z.union([z.string(), z.array(part)])
const call = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content }),
  z.strictObject({ role: z.literal('user'), content }),
  z.looseObject({
    role: z.literal('assistant'),
    content: content.nullish(),
    tool_calls: z.array(call).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content, tool_call_id: z.string().min(1) }),
])

const sampling = {
  temperature: z.number().optional(),
  top_p: z.number().optional(),
  seed: z.int().optional(),
  frequency_penalty: z.number().optional(),
  presence_penalty: z.number().optional(),
}
const usual = {
  ...sampling,
  model: z.string().min(1),
  max_tokens: z.int().min(1).optional(),
  stop: z.union([z.string(), z.array(z.string())]).optional(),
  stream: z.boolean().optional(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
}

/** What `/v1/chat/completions` reads. Other members are ignored without a word, so none may be sent. */
export const chatBody = z.strictObject({
  ...usual,
  messages: z.array(message).min(1),
  logprobs: z.boolean().optional(),
  top_logprobs: z.int().optional(),
  tools: z.array(tool).optional(),
  reasoning_effort: z.enum(['none', 'low', 'medium', 'high', 'max']).optional(),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
})

/** What `/v1/completions` reads. */
export const completionBody = z.strictObject({ ...usual, prompt: z.string(), suffix: z.string().optional() })

/** What `/v1/embeddings` reads. */
export const embeddingsBody = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
  dimensions: z.int().min(1).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
})

const nativeMessage = z.strictObject({
  role: z.enum(['system', 'user', 'assistant', 'tool']),
  content: z.string(),
  images: z.array(z.base64()).min(1).optional(),
  tool_calls: z
    .array(z.strictObject({ function: z.strictObject({ name: z.string(), arguments: json }) }))
    .optional(),
  tool_name: z.string().optional(),
})

/** What `/api/chat` reads. */
export const nativeBody = z.strictObject({
  model: z.string().min(1),
  messages: z.array(nativeMessage).min(1),
  tools: z.array(tool).min(1).optional(),
  format: z.union([z.literal('json'), json]).optional(),
  options: z
    .strictObject({
      ...sampling,
      num_predict: z.int().optional(),
      stop: z.array(z.string()).optional(),
      num_ctx: z.int().min(1).optional(),
    })
    .optional(),
  think: z.union([z.boolean(), z.enum(['low', 'medium', 'high', 'max'])]).optional(),
  stream: z.boolean(),
  keep_alive: z.union([z.string(), z.number()]).optional(),
})

/** The first thing that a body has wrong, with its path. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue === undefined ? undefined : `${issue.path.join('.')}: ${issue.message}`
}

import { z } from 'zod'

/** What the vendor takes as a body, from its documentation. Strict: it answers 400 to any field that it does not know. */

const cacheControl = z.strictObject({
  type: z.literal('ephemeral'),
  ttl: z.enum(['5m', '1h']).optional(),
})
const cache = { cache_control: cacheControl.optional() }
const filled = z.string().refine((text) => text.trim() !== '', 'text content blocks must be non-empty')

const text = z.strictObject({ type: z.literal('text'), text: filled, ...cache })
const source = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('base64'),
    media_type: z.enum(['image/jpeg', 'image/png', 'image/gif', 'image/webp', 'application/pdf']),
    data: z.base64().min(1),
  }),
  z.strictObject({ type: z.literal('url'), url: z.url({ protocol: /^https$/ }) }),
  z.strictObject({ type: z.literal('file'), file_id: z.string().min(1) }),
  z.strictObject({ type: z.literal('text'), media_type: z.literal('text/plain'), data: z.string() }),
])
const image = z.strictObject({ type: z.literal('image'), source, ...cache })
const document = z.strictObject({
  type: z.literal('document'),
  source,
  title: z.string().optional(),
  ...cache,
})
const toolUse = z.strictObject({
  type: z.literal('tool_use'),
  id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  input: z.record(z.string(), z.unknown()),
  ...cache,
})
const toolResult = z.strictObject({
  type: z.literal('tool_result'),
  tool_use_id: z.string().regex(/^[a-zA-Z0-9_-]+$/),
  content: z
    .union([z.string().min(1), z.array(z.discriminatedUnion('type', [text, image, document])).min(1)])
    .optional(),
  is_error: z.boolean().optional(),
  ...cache,
})
const thinking = z.strictObject({
  type: z.literal('thinking'),
  thinking: z.string(),
  signature: z.string().min(1),
})
const redacted = z.strictObject({ type: z.literal('redacted_thinking'), data: z.string().min(1) })

const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('user'),
    content: z.union([
      filled,
      z.array(z.discriminatedUnion('type', [text, image, document, toolResult])).min(1),
    ]),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.union([
      filled,
      z.array(z.discriminatedUnion('type', [text, toolUse, thinking, redacted])).min(1),
    ]),
  }),
])

const tool = z.strictObject({
  type: z.literal('custom').optional(),
  name: z.string().regex(/^[a-zA-Z0-9_-]{1,128}$/),
  description: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }),
  strict: z.boolean().optional(),
  ...cache,
})
const parallel = { disable_parallel_tool_use: z.boolean().optional() }
const toolChoice = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('auto'), ...parallel }),
  z.strictObject({ type: z.literal('any'), ...parallel }),
  z.strictObject({ type: z.literal('tool'), name: z.string(), ...parallel }),
  z.strictObject({ type: z.literal('none') }),
])

/** `POST /v1/messages`. What depends on several fields is not told here. */
export const messagesBody = z.strictObject({
  model: z.string().min(1),
  max_tokens: z.int().min(0),
  messages: z.array(message).min(1),
  system: z.union([filled, z.array(text).min(1)]).optional(),
  stream: z.boolean().optional(),
  temperature: z.number().min(0).max(1).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().min(0).optional(),
  stop_sequences: z.array(filled).min(1).optional(),
  metadata: z.strictObject({ user_id: z.string().nullish() }).optional(),
  tools: z.array(tool).min(1).optional(),
  tool_choice: toolChoice.optional(),
  thinking: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('enabled'), budget_tokens: z.int().min(1024) }),
      z.strictObject({ type: z.literal('adaptive') }),
      z.strictObject({ type: z.literal('disabled') }),
    ])
    .optional(),
  output_config: z
    .strictObject({
      effort: z.enum(['low', 'medium', 'high', 'xhigh', 'max']).optional(),
      format: z
        .strictObject({ type: z.literal('json_schema'), schema: z.record(z.string(), z.unknown()) })
        .optional(),
    })
    .optional(),
  service_tier: z.enum(['auto', 'standard_only']).optional(),
  ...cache,
})

export type MessagesBody = z.output<typeof messagesBody>

/** The first thing that the schema has against a body, in the vendor's words. */
export function schemaProblem(body: unknown): string | undefined {
  const [issue] = messagesBody.safeParse(body).error?.issues ?? []
  if (issue === undefined) return undefined
  const path = [...issue.path, ...(issue.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : [])].join(
    '.',
  )
  return `${path}: ${issue.code === 'unrecognized_keys' ? 'Extra inputs are not permitted' : issue.message}`
}

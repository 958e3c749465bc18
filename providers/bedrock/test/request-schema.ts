import { z } from 'zod'

/** What the Converse API takes as a body, from its documentation. Strict: what is not documented is refused. */

const text = z.strictObject({ text: z.string().regex(/\S/, 'the text is blank') })
const bytes = z.strictObject({ bytes: z.base64() })
const image = z.strictObject({
  image: z.strictObject({ format: z.enum(['png', 'jpeg', 'gif', 'webp']), source: bytes }),
})
const document = z.strictObject({
  document: z.strictObject({
    format: z.enum(['pdf', 'csv', 'doc', 'docx', 'xls', 'xlsx', 'html', 'txt', 'md']),
    name: z.string().regex(/^[A-Za-z0-9\s\-()[\]]{1,200}$/),
    source: bytes,
  }),
})
const cachePoint = z.strictObject({ cachePoint: z.strictObject({ type: z.literal('default') }) })
const id = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)
const name = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/)
const record = z.record(z.string(), z.unknown())

const toolUse = z.strictObject({ toolUse: z.strictObject({ toolUseId: id, name, input: record }) })
const toolResult = z.strictObject({
  toolResult: z.strictObject({
    toolUseId: id,
    content: z.array(z.union([text, image, document, z.strictObject({ json: record })])),
    status: z.enum(['success', 'error']).optional(),
  }),
})
const reasoning = z.strictObject({
  reasoningContent: z.union([
    z.strictObject({ reasoningText: z.strictObject({ text: z.string(), signature: z.string() }) }),
    z.strictObject({ redactedContent: z.base64() }),
  ]),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({
    role: z.literal('user'),
    content: z.array(z.union([text, image, document, toolResult, cachePoint])).min(1),
  }),
  z.strictObject({
    role: z.literal('assistant'),
    content: z.array(z.union([text, toolUse, reasoning, cachePoint])).min(1),
  }),
])

const tool = z.strictObject({
  toolSpec: z.strictObject({
    name,
    description: z.string().min(1).optional(),
    inputSchema: z.strictObject({ json: z.looseObject({ type: z.literal('object') }) }),
  }),
})

/** `POST /model/{id}/converse` and `…/converse-stream`. What depends on several members is not told here. */
export const converseBody = z.strictObject({
  system: z
    .array(z.union([text, cachePoint]))
    .min(1)
    .optional(),
  messages: z.array(message).min(1),
  inferenceConfig: z
    .strictObject({
      maxTokens: z.int().min(1).optional(),
      temperature: z.number().min(0).optional(),
      topP: z.number().min(0).max(1).optional(),
      stopSequences: z.array(z.string().min(1)).min(1).optional(),
    })
    .optional(),
  toolConfig: z
    .strictObject({
      tools: z.array(z.union([tool, cachePoint])).min(1),
      toolChoice: z
        .union([
          z.strictObject({ auto: z.strictObject({}) }),
          z.strictObject({ any: z.strictObject({}) }),
          z.strictObject({ tool: z.strictObject({ name }) }),
        ])
        .optional(),
    })
    .optional(),
  additionalModelRequestFields: record.optional(),
  guardrailConfig: record.optional(),
})

export type ConverseBody = z.output<typeof converseBody>

/** `POST /model/{id}/invoke` of an embedding model of each family. */
export const embeddingBodies = {
  titan: z.strictObject({ inputText: z.string(), dimensions: z.int().optional() }),
  cohere: z.strictObject({
    texts: z.array(z.string()).min(1).max(96),
    input_type: z.enum(['search_document', 'search_query', 'classification', 'clustering']),
    embedding_types: z.tuple([z.literal('float')]),
  }),
}

/** The first thing that a schema has against a body. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const [issue] = schema.safeParse(body).error?.issues ?? []
  return issue && `Malformed input request: #/${issue.path.map(String).join('/')}: ${issue.message}`
}

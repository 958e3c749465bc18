import { z } from 'zod'

const name = z.string().regex(/^[A-Za-z_][\w.:-]{0,63}$/)
const json = z.record(z.string(), z.unknown())
const signature = z.base64().min(1).or(z.literal('skip_thought_signature_validator'))

const part = z.union([
  z.strictObject({ text: z.string().min(1), thoughtSignature: signature.optional() }),
  z.strictObject({
    inlineData: z.strictObject({ mimeType: z.string().regex(/^[a-z]+\/[\w.+-]+$/), data: z.base64() }),
  }),
  z.strictObject({ fileData: z.strictObject({ fileUri: z.url(), mimeType: z.string().optional() }) }),
  z.strictObject({
    functionCall: z.strictObject({ name, args: json }),
    thoughtSignature: signature.optional(),
  }),
  z.strictObject({ functionResponse: z.strictObject({ name, response: json }) }),
])

/** One part of a turn. */
export type Part = z.output<typeof part>

const content = z.strictObject({ role: z.enum(['user', 'model']), parts: z.array(part).min(1) })
const declaration = z.strictObject({
  name,
  description: z.string().optional(),
  parameters: json.optional(),
  parametersJsonSchema: json.optional(),
})

const generationConfig = z.strictObject({
  maxOutputTokens: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: z.int().min(1).optional(),
  stopSequences: z.array(z.string().min(1)).min(1).max(5).optional(),
  candidateCount: z.int().min(1).optional(),
  seed: z.int().optional(),
  presencePenalty: z.number().optional(),
  frequencyPenalty: z.number().optional(),
  responseMimeType: z.literal('application/json').optional(),
  responseSchema: json.optional(),
  responseJsonSchema: json.optional(),
  responseLogprobs: z.boolean().optional(),
  logprobs: z.int().min(0).max(20).optional(),
  thinkingConfig: z
    .strictObject({
      thinkingBudget: z.int().min(-1).optional(),
      thinkingLevel: z.enum(['low', 'high']).optional(),
      includeThoughts: z.boolean().optional(),
    })
    .optional(),
})

/** What the vendor takes for a chat, nothing else. */
export const chatBody = z.strictObject({
  systemInstruction: z
    .strictObject({ parts: z.array(z.strictObject({ text: z.string().min(1) })).min(1) })
    .optional(),
  contents: z.array(content).min(1),
  tools: z
    .array(z.strictObject({ functionDeclarations: z.array(declaration).min(1) }))
    .min(1)
    .optional(),
  toolConfig: z
    .strictObject({
      functionCallingConfig: z.strictObject({
        mode: z.enum(['AUTO', 'ANY', 'NONE', 'VALIDATED']),
        allowedFunctionNames: z.array(name).min(1).optional(),
      }),
    })
    .optional(),
  generationConfig: generationConfig.optional(),
  safetySettings: z.array(z.strictObject({ category: z.string(), threshold: z.string() })).optional(),
  cachedContent: z
    .string()
    .regex(/^cachedContents\//)
    .optional(),
})

/** A chat as the vendor takes it. */
export type ChatBody = z.output<typeof chatBody>

const oneText = {
  content: z.strictObject({ parts: z.array(z.strictObject({ text: z.string() })).min(1) }),
  taskType: z.string().optional(),
  outputDimensionality: z.int().min(1).optional(),
}

/** What `:embedContent` takes. */
export const embedBody = z.strictObject(oneText)

/** What `:batchEmbedContents` takes. */
export const batchBody = z.strictObject({
  requests: z
    .array(z.strictObject({ ...oneText, model: z.string().regex(/^models\//) }))
    .min(1)
    .max(100),
})

/** The first thing that a body has wrong, with its path. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue === undefined ? undefined : `${issue.path.join('.')}: ${issue.message}`
}

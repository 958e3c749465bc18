import { isObject } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** Strict schemas of the vendor's requests: a member that it does not have may not get through to it. */

const name = z.string().optional()
const text = z.strictObject({ type: z.literal('text'), text: z.string() })
const image = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z.string().regex(/^(?:https:|data:image\/(?:jpeg|png);base64,)/),
    detail: z.enum(['auto', 'low', 'high']).optional(),
  }),
})
const file = z.strictObject({ type: z.literal('file'), file: z.strictObject({ file_id: z.string() }) })
const texts = z.union([z.string(), z.array(text).min(1)])
const toolCall = z.strictObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.strictObject({ name: z.string().min(1), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: texts, name }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.discriminatedUnion('type', [text, image, file])).min(1)]),
    name,
  }),
  z
    .strictObject({
      role: z.literal('assistant'),
      content: texts.nullish(),
      tool_calls: z.array(toolCall).min(1).optional(),
      name,
    })
    .refine(
      ({ content, tool_calls: calls }) => typeof content === 'string' || Array.isArray(content) || calls,
    ),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string().min(1) }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().min(1),
    description: z.string().optional(),
    parameters: z
      .record(z.string(), z.unknown())
      .refine((schema) => !JSON.stringify(schema).includes('"additionalProperties":false'))
      .optional(),
    strict: z.boolean().optional(),
  }),
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
])
const penalty = z.number().min(-2).max(2).optional()
const reasons = /^grok-(?:3-mini|[4-9])/

/** `POST /chat/completions`. */
export const chatSchema = z
  .strictObject({
    model: z.string().min(1),
    messages: z.array(message).min(1),
    max_completion_tokens: z.int().min(1).optional(),
    temperature: z.number().min(0).max(2).optional(),
    top_p: z.number().min(0).max(1).optional(),
    n: z.int().min(1).optional(),
    seed: z.int().optional(),
    stop: z.union([z.string(), z.array(z.string())]).optional(),
    frequency_penalty: penalty,
    presence_penalty: penalty,
    logprobs: z.boolean().optional(),
    top_logprobs: z.int().min(0).max(8).optional(),
    tools: z.array(tool).min(1).optional(),
    tool_choice: toolChoice.optional(),
    parallel_tool_calls: z.boolean().optional(),
    response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
    reasoning_effort: z.enum(['none', 'low', 'medium', 'high', 'xhigh']).optional(),
    service_tier: z.enum(['default', 'priority']).optional(),
    stream: z.boolean().optional(),
    stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
    user: z.string().optional(),
  })
  .refine(
    ({ model, stop, frequency_penalty, presence_penalty }) =>
      !reasons.test(model) || (stop ?? frequency_penalty ?? presence_penalty) === undefined,
    'Argument not supported on this model: stop or a penalty',
  )
  .refine(
    ({ model, reasoning_effort: effort }) => effort === undefined || reasons.test(model),
    'This model does not support the parameter reasoningEffort.',
  )

/** `POST /complete`, with either name of the token limit. */
export const completeSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().regex(/^(?:System|User|Assistant): [\s\S]*\nAssistant: $/),
  max_tokens: z.int().min(1).optional(),
  max_tokens_to_sample: z.int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  top_p: z.number().min(0).max(1).optional(),
  top_k: z.int().optional(),
  stop_sequences: z.array(z.string()).min(1).optional(),
})

/** `POST /completions`. */
export const completionsSchema = z
  .looseObject({
    model: z.string().min(1),
    prompt: z.union([z.string(), z.array(z.string())]),
    stream_options: z.strictObject({ include_usage: z.boolean() }).optional(),
  })
  .refine(({ model }) => !reasons.test(model), 'the model has no completions')

/** `POST /embeddings`. */
export const embeddingsSchema = z.looseObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1)]),
})

const ratio = z.string().regex(/^\d+:\d+$/)

/** `POST /images/generations`. */
export const imagesSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  n: z.int().min(1).optional(),
  response_format: z.enum(['url', 'b64_json']).optional(),
  aspect_ratio: ratio.optional(),
  resolution: z.string().optional(),
  quality: z.string().optional(),
  user: z.string().optional(),
})

/** `POST /videos/generations`. */
export const videosSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  duration: z.number().positive().optional(),
  aspect_ratio: ratio.optional(),
  resolution: z.enum(['480p', '720p', '1080p']).optional(),
  image: z.strictObject({ url: z.string().min(1) }).optional(),
})

/** What is wrong with a body, in the words of the vendor's parser; `undefined` when it is fine. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  if (issue === undefined) return undefined
  return `Failed to deserialize the JSON body into the target type: ${issue.path.map(String).join('.')}: ${issue.message}`
}

/** Results that answer no call of the last turn. */
export function pairingProblem(body: unknown): string | undefined {
  const messages = isObject(body) && Array.isArray(body['messages']) ? body['messages'].filter(isObject) : []
  let open = new Set<unknown>()
  for (const [index, { role, tool_calls: calls, tool_call_id: id }] of messages.entries()) {
    if (role === 'tool') {
      if (!open.delete(id)) return `messages.${index}.tool_call_id: no such call`
    } else open = new Set(Array.isArray(calls) ? calls.filter(isObject).map((call) => call['id']) : [])
  }
  return undefined
}

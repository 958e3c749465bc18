import { isObject } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** Strict schemas of the vendor's requests: it would ignore a member that it does not have, and here none may get through to it. */

/** A member that must not be there. */
const absent = z.never().optional()

const textPart = z.strictObject({
  type: z.literal('text'),
  text: z.string(),
  cache_control: z.looseObject({ type: z.literal('ephemeral') }).optional(),
})

const userPart = z.discriminatedUnion('type', [
  textPart,
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({
      url: z.string().regex(/^(?:https:|data:image\/)/),
      detail: z.enum(['auto', 'low', 'high', 'original']).optional(),
    }),
  }),
  z.strictObject({
    type: z.literal('input_audio'),
    input_audio: z.strictObject({ data: z.string(), format: z.string() }),
  }),
  z.strictObject({
    type: z.literal('file'),
    file: z.strictObject({
      filename: z.string().optional(),
      file_data: z.string().regex(/^(?:https:|data:)/),
    }),
  }),
  z.strictObject({ type: z.literal('video_url'), video_url: z.strictObject({ url: z.string() }) }),
])

const texts = z.union([z.string(), z.array(textPart).min(1)])
const parts = z.union([z.string(), z.array(userPart).min(1)])
/** Client libraries send calls back with members of their own. */
const toolCall = z.looseObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
})

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: texts, name: z.string().optional() }),
  z.strictObject({ role: z.literal('user'), content: parts, name: z.string().optional() }),
  // Whatever an answer had may come back with it.
  z.looseObject({
    role: z.literal('assistant'),
    content: texts.nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
    function_call: absent,
    reasoning_details: z.array(z.looseObject({ type: z.string() })).optional(),
  }),
  z.strictObject({ role: z.literal('tool'), content: parts, tool_call_id: z.string().min(1) }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.strictObject({
    name: z.string().regex(/^[\w-]{1,64}$/),
    description: z.string().optional(),
    parameters: z.record(z.string(), z.unknown()).optional(),
    strict: z.boolean().nullish(),
  }),
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
])

const within = (least: number, most: number) => z.number().min(least).max(most).nullish()
const some = z.unknown()

/** `POST /chat/completions`. */
export const chatSchema = z.strictObject({
  model: z.string().min(1),
  models: z.array(z.string()).optional(),
  messages: z.array(message).min(1),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  temperature: within(0, 2),
  top_p: within(0, 1),
  top_k: z.int().min(0).optional(),
  top_a: within(0, 1),
  min_p: within(0, 1),
  frequency_penalty: within(-2, 2),
  presence_penalty: within(-2, 2),
  repetition_penalty: within(0, 2),
  seed: z.int().nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(4)]).nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  n: z.int().min(1).nullish(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().nullish(),
  response_format: z
    .looseObject({ type: z.enum(['text', 'json_object', 'json_schema', 'grammar', 'python']) })
    .optional(),
  reasoning: z.looseObject({ effort: z.string().optional() }).optional(),
  reasoning_effort: z.string().nullish(),
  modalities: z.array(z.enum(['text', 'image', 'audio'])).optional(),
  provider: z.looseObject({}).optional(),
  plugins: z.array(z.looseObject({ id: z.string() })).optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
  session_id: z.string().optional(),
  stream: z.boolean().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).nullish(),
  user: z.string().optional(),
  debug: z.looseObject({ echo_upstream_body: absent }).optional(),
  // Taken, and passed on as they are.
  image_config: some.optional(),
  prediction: some.optional(),
  cache_control: some.optional(),
  prompt_cache_key: some.optional(),
  prompt_cache_options: some.optional(),
  service_tier: some.optional(),
  trace: some.optional(),
})

/** `POST /embeddings`. */
export const embeddingsSchema = z.strictObject({
  model: z.string().min(1),
  input: z.union([z.string(), z.array(z.string()).min(1), z.array(z.int()).min(1)]),
  dimensions: z.int().min(1).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
  user: z.string().optional(),
})

/** `POST /images`. */
export const imagesSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  n: z.int().min(1).nullish(),
  size: z.string().nullish(),
  aspect_ratio: z.string().optional(),
  resolution: z.enum(['512', '1K', '2K', '4K']).optional(),
  quality: z.enum(['auto', 'low', 'medium', 'high']).nullish(),
  background: z.string().nullish(),
  output_format: z.string().nullish(),
  seed: z.int().optional(),
  input_references: z.array(some).optional(),
})

/** `POST /videos`: the vendor's list of members is not known here, but its wish for a stream is no member of it. */
export const videosSchema = z.looseObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  stream: absent,
})

/** What is wrong with a body, in one sentence; `undefined` when it is fine. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue && `${issue.path.map(String).join('.')}: ${issue.message}`
}

/** Results that answer no call of the last turn. */
export function pairingProblem(body: unknown): string | undefined {
  const messages = isObject(body) && Array.isArray(body['messages']) ? body['messages'].filter(isObject) : []
  let open = new Set<unknown>()
  for (const [index, { role, tool_calls: calls, tool_call_id: id }] of messages.entries()) {
    if (role === 'tool') {
      if (!open.delete(id)) return `messages.${index}.tool_call_id: no such call`
    } else {
      if (open.size > 0) return `messages.${index}: the calls before have no results`
      open = new Set(Array.isArray(calls) ? calls.filter(isObject).map((call) => call['id']) : [])
    }
  }
  return open.size > 0 ? 'messages: the last calls have no results' : undefined
}

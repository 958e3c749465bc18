import { z } from 'zod'

/** Strict schemas of OpenAI's own requests: a member that the API does not have is refused, as the vendor does. */

const name = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/)
const marked = { prompt_cache_breakpoint: z.strictObject({ mode: z.literal('explicit') }).optional() }
const textPart = z.strictObject({ type: z.literal('text'), text: z.string(), ...marked })

const userPart = z.discriminatedUnion('type', [
  textPart,
  z.strictObject({
    type: z.literal('image_url'),
    image_url: z.strictObject({
      url: z.string().regex(/^(?:https?:|data:)/),
      detail: z.enum(['auto', 'low', 'high']).optional(),
    }),
    ...marked,
  }),
  z.strictObject({
    type: z.literal('input_audio'),
    input_audio: z.strictObject({
      data: z.string().regex(/^(?!data:)/),
      format: z.enum(['wav', 'mp3']),
    }),
    ...marked,
  }),
  z.strictObject({
    type: z.literal('file'),
    file: z.strictObject({
      file_id: z.string().optional(),
      filename: z.string().optional(),
      file_data: z.string().startsWith('data:').optional(),
    }),
    ...marked,
  }),
])

const texts = z.union([z.string(), z.array(textPart).min(1)])
/** What a client got may come back with members of its own. */
const called = z.looseObject({ name, arguments: z.string() })
const toolCall = z.discriminatedUnion('type', [
  z.strictObject({ id: z.string().min(1), type: z.literal('function'), function: called }),
  z.strictObject({
    id: z.string().min(1),
    type: z.literal('custom'),
    custom: z.strictObject({ name, input: z.string() }),
  }),
])

const refusalPart = z.strictObject({ type: z.literal('refusal'), refusal: z.string() })

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer']), content: texts, name: z.string().optional() }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(userPart).min(1)]),
    name: z.string().optional(),
  }),
  z.looseObject({
    role: z.literal('assistant'),
    content: z.union([z.string(), z.array(z.union([textPart, refusalPart])).min(1)]).nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
    refusal: z.string().nullish(),
    annotations: z.array(z.unknown()).optional(),
    audio: z.strictObject({ id: z.string() }).nullish(),
    name: z.string().optional(),
    function_call: called.nullish(),
  }),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string().min(1) }),
  z.strictObject({ role: z.literal('function'), content: z.string().nullable(), name }),
])

const tool = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('function'),
    function: z.strictObject({
      name,
      description: z.string().optional(),
      parameters: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
  z.strictObject({
    type: z.literal('custom'),
    custom: z.strictObject({
      name,
      description: z.string().optional(),
      format: z.record(z.string(), z.unknown()).optional(),
    }),
  }),
])

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name }) }),
  z.strictObject({ type: z.literal('custom'), custom: z.strictObject({ name }) }),
  z.strictObject({
    type: z.literal('allowed_tools'),
    allowed_tools: z.strictObject({ mode: z.enum(['auto', 'required']), tools: z.array(z.unknown()) }),
  }),
])

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name,
      description: z.string().optional(),
      schema: z.record(z.string(), z.unknown()).optional(),
      strict: z.boolean().nullish(),
    }),
  }),
])

const within = (least: number, most: number) => z.number().min(least).max(most).nullish()
const sampling = {
  model: z.string().min(1),
  temperature: within(0, 2),
  top_p: within(0, 1),
  n: z.int().min(1).max(128).nullish(),
  stop: z.union([z.string(), z.array(z.string()).min(1).max(4)]).nullish(),
  seed: z.int().nullish(),
  frequency_penalty: within(-2, 2),
  presence_penalty: within(-2, 2),
  logit_bias: z.record(z.string().regex(/^\d+$/), z.number().min(-100).max(100)).nullish(),
  user: z.string().optional(),
  stream: z.boolean().nullish(),
  stream_options: z
    .strictObject({ include_usage: z.boolean().optional(), include_obfuscation: z.boolean().optional() })
    .nullish(),
}

const textsOrTokens = z.union([
  z.string(),
  z.array(z.string()).min(1).max(2048),
  z.array(z.int().min(0)).min(1),
  z
    .array(z.array(z.int().min(0)).min(1))
    .min(1)
    .max(2048),
])

/** `POST /chat/completions`. */
export const chatSchema = z.strictObject({
  ...sampling,
  messages: z.array(message).min(1),
  max_completion_tokens: z.int().min(1).nullish(),
  max_tokens: z.int().min(1).nullish(),
  logprobs: z.boolean().nullish(),
  top_logprobs: z.int().min(0).max(20).nullish(),
  tools: z.array(tool).min(1).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  functions: z.array(z.unknown()).min(1).optional(),
  function_call: z.unknown().optional(),
  response_format: responseFormat.optional(),
  reasoning_effort: z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']).nullish(),
  verbosity: z.enum(['low', 'medium', 'high']).nullish(),
  service_tier: z.enum(['auto', 'default', 'flex', 'scale', 'priority', 'fast']).nullish(),
  store: z.boolean().nullish(),
  metadata: z.record(z.string().max(64), z.string().max(512)).nullish(),
  prediction: z.strictObject({ type: z.literal('content'), content: texts }).nullish(),
  modalities: z.array(z.enum(['text', 'audio'])).nullish(),
  audio: z.strictObject({ voice: z.unknown(), format: z.string() }).nullish(),
  prompt_cache_key: z.string().optional(),
  prompt_cache_retention: z.enum(['in_memory', '24h']).nullish(),
  prompt_cache_options: z
    .strictObject({ mode: z.enum(['implicit', 'explicit']).optional(), ttl: z.string().optional() })
    .optional(),
  safety_identifier: z.string().max(64).optional(),
  web_search_options: z.record(z.string(), z.unknown()).optional(),
  moderation: z.record(z.string(), z.unknown()).optional(),
})

/** `POST /completions`. */
export const completionSchema = z.strictObject({
  ...sampling,
  prompt: textsOrTokens,
  suffix: z.string().nullish(),
  max_tokens: z.int().min(0).nullish(),
  logprobs: z.int().min(0).max(5).nullish(),
  echo: z.boolean().nullish(),
  best_of: z.int().min(1).nullish(),
})

/** `POST /embeddings`. */
export const embeddingsSchema = z.strictObject({
  model: z.string().min(1),
  input: textsOrTokens,
  dimensions: z.int().min(1).optional(),
  encoding_format: z.enum(['float', 'base64']).optional(),
  user: z.string().optional(),
})

/** `POST /images/generations`. */
export const imagesSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  n: z.int().min(1).max(10).nullish(),
  size: z.string().nullish(),
  quality: z.string().nullish(),
  style: z.string().nullish(),
  background: z.string().nullish(),
  moderation: z.string().nullish(),
  output_format: z.string().nullish(),
  output_compression: z.int().min(0).max(100).nullish(),
  response_format: z.enum(['url', 'b64_json']).nullish(),
  user: z.string().optional(),
})

/** The first problem of a body, with its path; `undefined`: there is none. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const { error } = schema.safeParse(body)
  const issue = error?.issues[0]
  return issue && `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`
}

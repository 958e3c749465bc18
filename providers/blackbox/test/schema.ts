import { isObject } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** Strict schemas of the vendor's documented requests, and of what clients are known to send besides. */

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() })
const imagePart = z.strictObject({
  type: z.literal('image_url'),
  image_url: z.strictObject({
    url: z.string().regex(/^(?:https:|data:image\/)/),
    detail: z.string().optional(),
  }),
})
const texts = z.union([z.string(), z.array(textPart).min(1)])
/** Client libraries send calls back with members of their own. */
const toolCall = z.looseObject({
  id: z.string().min(1),
  type: z.literal('function'),
  function: z.looseObject({ name: z.string().min(1), arguments: z.string() }),
})
/** A member that must not be there. */
const absent = z.never().optional()

const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.literal('system'), content: texts, name: z.string().optional() }),
  z.strictObject({
    role: z.literal('user'),
    content: z.union([z.string(), z.array(z.union([textPart, imagePart])).min(1)]),
    name: z.string().optional(),
  }),
  z.looseObject({
    role: z.literal('assistant'),
    content: texts.nullish(),
    tool_calls: z.array(toolCall).min(1).optional(),
    function_call: absent,
  }),
  z.strictObject({ role: z.literal('tool'), content: texts, tool_call_id: z.string().min(1) }),
])

const tool = z.strictObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string().regex(/^[\w-]{1,64}$/) }),
})

const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.strictObject({ type: z.literal('function'), function: z.strictObject({ name: z.string() }) }),
])

const within = (least: number, most: number) => z.number().min(least).max(most).nullish()

/** `POST /chat/completions`. */
export const chatSchema = z.strictObject({
  model: z.string().min(1),
  messages: z.array(message).min(1),
  response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).optional(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  stream: z.boolean().nullish(),
  max_tokens: z.int().min(1).nullish(),
  temperature: within(0, 2),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  seed: z.int().nullish(),
  top_p: within(0, 1),
  top_k: z.int().min(0).optional(),
  frequency_penalty: within(-2, 2),
  presence_penalty: within(-2, 2),
  repetition_penalty: within(0, 2),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  top_logprobs: z.int().min(0).nullish(),
  min_p: within(0, 1),
  top_a: within(0, 1),
  prediction: z.unknown().optional(),
  // Not documented.
  logprobs: z.boolean().nullish(),
  n: z.literal(1).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning_effort: z.string().nullish(),
  stream_options: z.strictObject({ include_usage: z.boolean() }).nullish(),
})

/** A chat request of an image or video model: a prompt and nothing else. */
export const mediaSchema = z.strictObject({
  model: z.string().min(1),
  messages: z.array(z.strictObject({ role: z.literal('user'), content: z.string().min(1) })).length(1),
})

/** `POST /v1/images/generations`. */
export const imagesSchema = z.strictObject({
  model: z.string().min(1),
  prompt: z.string().min(1),
  n: z.int().min(1).optional(),
  size: z
    .string()
    .regex(/^\d+x\d+$/)
    .optional(),
})

/** `POST /v1/videos/generations`. */
export const videosSchema = z.strictObject({ model: z.string().min(1), prompt: z.string().min(1) })

/** What is wrong with a body, in one sentence; `undefined` when it is fine. */
export function schemaProblem(schema: z.ZodType, body: unknown): string | undefined {
  const issue = schema.safeParse(body).error?.issues[0]
  return issue && `${issue.path.map(String).join('.')}: ${issue.message}`
}

/** Results that answer no call of the last turn, and calls without results. */
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

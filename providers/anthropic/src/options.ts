import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const tokens = z.int().min(1)
const formats = ['messages', 'messages-prompt'] as const

/** What may stand beside `type: anthropic` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('The key, or an OAuth-style token with `auth: bearer`.'),
  base_url: baseUrl('https://api.anthropic.com').describe('With or without a final `/v1`.'),
  api: z
    .enum(formats)
    .default('messages')
    .describe('The wire format: native turns, or the conversation as one prompt.'),
  auth: z
    .enum(['x-api-key', 'bearer'])
    .default('x-api-key')
    .describe('The header the credential travels in: `x-api-key`, or `Authorization: Bearer`.'),
  version: z.string().min(1).default('2023-06-01').describe('The `anthropic-version` header.'),
  beta: z.array(z.string().min(1)).default([]).describe('Beta features to switch on for every request.'),
  max_tokens: tokens
    .optional()
    .describe('`max_tokens` of requests that name none; the vendor requires one. Default: the model’s cap.'),
  max_tokens_by_model: z
    .record(z.string(), tokens)
    .default({})
    .describe('The same for single models, by upstream id.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const tokens = z.int().min(1)

/** What may stand beside `type: anthropic` in the configuration. */
export const options = z.strictObject({
  /** The key, or an OAuth-style token with `auth: bearer`. */
  api_key: apiKey(),
  /** With or without a final `/v1`. */
  base_url: baseUrl('https://api.anthropic.com'),
  /** The wire format. */
  api: z
    .literal('messages', {
      error: ({ input }) => `api ${JSON.stringify(input)} is not available; the only one is "messages"`,
    })
    .default('messages'),
  /** The header the credential travels in. */
  auth: z.enum(['x-api-key', 'bearer']).default('x-api-key'),
  /** The `anthropic-version` header. */
  version: z.string().min(1).default('2023-06-01'),
  /** Beta features to switch on for every request. */
  beta: z.array(z.string().min(1)).default([]),
  /** `max_tokens` of requests that name none. Absent: the model's cap. */
  max_tokens: tokens.optional(),
  /** The same for single models, by upstream id. */
  max_tokens_by_model: z.record(z.string(), tokens).default({}),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

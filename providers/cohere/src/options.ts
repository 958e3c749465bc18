import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: cohere` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `Authorization: Bearer`.'),
  base_url: baseUrl('https://api.cohere.com')
    // Paths contain the version; people write base URLs with and without it.
    .transform((url) => url.replace(/\/v[12]$/, ''))
    .describe('With or without a final `/v1` or `/v2`.'),
  api: z
    .enum(['chat-v2', 'generate'])
    .default('chat-v2')
    .describe(
      'The wire format: `chat-v2` is the current one (`/v2/chat`, `/v2/embed`), `generate` the old one that knows prompts only (`/v1/generate`).',
    ),
  client_name: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be a name without spaces')
    .optional()
    .describe('Sent as `X-Client-Name`.'),
  input_type: z
    .string()
    .min(1)
    .default('search_document')
    .describe(
      'What embeddings are for when the request has no `input_type`: `search_document`, `search_query`, `classification`, `clustering`.',
    ),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const apis = ['chat', 'ask'] as const

/** What may stand beside `type: perplexity` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey(),
  base_url: baseUrl('https://api.perplexity.ai').describe(
    'The URL that every path is appended to, with or without a final `/v1`.',
  ),
  api: z
    .enum(apis)
    .default('chat')
    .describe('The wire format: `chat` is chat completions, `ask` the older format, one question.'),
  tools: z
    .boolean()
    .default(false)
    .describe('The account may use tools. Off: tool calls and results of the history are sent as text.'),
  split_think: z
    .boolean()
    .optional()
    .describe('Move a leading `<think>` block into `reasoning_content`. Default: for reasoning models only.'),
  embeddings: z
    .boolean()
    .default(false)
    .describe('Offer embeddings (`pplx-embed-*`). The vendor answers 8-bit vectors only.'),
  health_path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'must be a path that starts with "/", such as "/v1/models"')
    .optional()
    .describe(
      'The GET of the health check. Default: `/async/chat/completions?limit=1`; for `ask` `/v1/models`.',
    ),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

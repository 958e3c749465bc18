import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const apis = ['chat', 'complete'] as const

/** What may stand beside `type: grok` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey(),
  base_url: baseUrl('https://api.x.ai/v1')
    .transform(withVersion)
    .describe('The URL that every path is appended to. A bare origin (`https://us.api.x.ai`) gets `/v1`.'),
  api: z
    .enum(apis)
    .default('chat')
    .describe('The wire format: `chat` is chat completions, `complete` the older format, one prompt.'),
  completions: z
    .enum(['chat', 'native'])
    .default('chat')
    .describe('Legacy completions: over chat, or by `POST /completions` for models that do not reason.'),
  embeddings: z.boolean().default(false).describe('Offer embeddings, for accounts with a model for them.'),
  video_poll_interval: z
    .number()
    .positive()
    .max(60)
    .default(5)
    .describe('Seconds between two questions whether a video is ready.'),
  max_tokens_field: z
    .enum(['max_tokens', 'max_tokens_to_sample'])
    .default('max_tokens')
    .describe('With `complete`: the name of the token limit. The vendor’s own endpoint has the longer one.'),
  max_tokens: z
    .int()
    .min(1)
    .default(4096)
    .describe('With `max_tokens_to_sample`, which is required: the limit of requests that name none.'),
  stop_at_user: z
    .boolean()
    .default(false)
    .describe('With `complete`: also stop where the model would go on in the role of the user.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

/** A bare origin means the current version. */
function withVersion(url: string): string {
  return new URL(url).pathname === '/' ? `${url}/v1` : url
}

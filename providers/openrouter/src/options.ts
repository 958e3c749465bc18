import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const headerText = z
  .string()
  .trim()
  .regex(/^[\x20-\x7e]+$/, 'must be printable ASCII: it is sent as a header')

/** What may stand beside `type: openrouter` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey(),
  base_url: baseUrl('https://openrouter.ai/api/v1')
    .transform(withVersion)
    .describe('The URL that every path is appended to; `/v1` is added when it is not there.'),
  api: z.literal('openai-chat').default('openai-chat').describe('The wire format.'),
  site_url: headerText.optional().describe('Your site, for the vendor’s rankings: sent as `HTTP-Referer`.'),
  app_name: headerText
    .optional()
    .describe('Your application, for the vendor’s rankings: sent as `X-OpenRouter-Title`.'),
  completions: z
    .enum(['chat', 'native'])
    .default('chat')
    .describe(
      'Legacy completions: over chat, or by `POST /completions`, which the vendor no longer documents.',
    ),
  video_poll_interval: z
    .number()
    .positive()
    .max(60)
    .default(5)
    .describe('Seconds between two questions whether a video is ready.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

/** `https://openrouter.ai/api` is how the address is written where every path begins with the version. */
function withVersion(url: string): string {
  return /\/v\d+$/.test(url) ? url : `${url}/v1`
}

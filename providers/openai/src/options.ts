import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const headerValue = z
  .string()
  .regex(/^[\x21-\x7e]+$/, 'must be an id without spaces, such as "org-…" or "proj_…"')

/** What may stand beside `type: openai` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `Authorization: Bearer`.'),
  base_url: baseUrl('https://api.openai.com/v1')
    .transform(withVersion)
    .describe('A bare origin (`https://eu.api.openai.com`) gets `/v1`.'),
  organization: headerValue.optional().describe('Sent as `OpenAI-Organization`.'),
  project: headerValue.optional().describe('Sent as `OpenAI-Project`.'),
  api: z.literal('openai-chat').default('openai-chat').describe('The wire format.'),
  model_fixes: z.boolean().default(true).describe('Rename or remove parameters that the model refuses.'),
  video_poll_interval: z
    .number()
    .positive()
    .max(600)
    .default(5)
    .describe('Seconds between two questions about a video that is being made.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

/** A bare origin, as in `https://api.openai.com`, means the current version. */
function withVersion(url: string): string {
  return new URL(url).pathname === '/' ? `${url}/v1` : url
}

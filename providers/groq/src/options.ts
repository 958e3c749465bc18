import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: groq` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `Authorization: Bearer`.'),
  base_url: baseUrl('https://api.groq.com/openai/v1')
    .transform(withVersion)
    .describe('With or without the final `/v1`; a bare origin gets `/openai/v1`.'),
  api: z.literal('chat').default('chat').describe('The wire format; the only one is `chat`.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

function withVersion(url: string): string {
  if (/\/v\d+$/.test(url)) return url
  return new URL(url).pathname === '/' ? `${url}/openai/v1` : `${url}/v1`
}

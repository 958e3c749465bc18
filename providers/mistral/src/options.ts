import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: mistral` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `Authorization: Bearer`.'),
  base_url: baseUrl('https://api.mistral.ai/v1')
    .transform(withVersion)
    .describe('With or without the final `/v1`.'),
  api: z.literal('chat').default('chat').describe('The wire format.'),
  assistant_after_tool: z
    .string()
    .min(1)
    .optional()
    .describe(
      'The text of an assistant message to put between a tool result and a user message, for models that refuse that order. Absent: nothing is put there.',
    ),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

/** A bare origin means the current version. */
function withVersion(url: string): string {
  return new URL(url).pathname === '/' ? `${url}/v1` : url
}

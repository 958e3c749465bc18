import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: deepseek` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `Authorization: Bearer`.'),
  base_url: baseUrl('https://api.deepseek.com').describe(
    'With or without a final `/v1`; `/beta` works as well.',
  ),
  api: z.literal('chat').default('chat').describe('The wire format; the only one is `chat`.'),
  reasoning_replay: z
    .enum(['auto', 'strip', 'send'])
    .default('auto')
    .describe(
      'Whether `reasoning_content` of earlier answers is sent back: `strip` for models that refuse it, `send` for those that require it beside tools. `auto`: V4 and later send.',
    ),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

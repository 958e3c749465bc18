import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: blackbox` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey(),
  base_url: baseUrl('https://api.blackbox.ai').describe(
    'With or without a final `/v1`: the chat path is the same, below the one or the other.',
  ),
  api: z
    .enum(['chat', 'openai-images'])
    .default('chat')
    .describe(
      'The wire format. `chat`: everything goes through chat completions, pictures and videos too. `openai-images`: pictures and videos have paths of their own, and chat is not streamed.',
    ),
  health_path: z
    .string()
    .regex(/^\/[\x21-\x7e]*$/, 'must start with /')
    .default('/v1/models')
    .describe('The path of a GET that is free of charge, from `base_url` without its `/v1`.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

/** What may stand beside `type: ollama` in the configuration. */
export const options = z
  .strictObject({
    api_key: apiKey()
      .optional()
      .describe('Sent as `Authorization: Bearer`. Servers of your own need none; ollama.com does.'),
    base_url: baseUrl('http://localhost:11434/v1').describe('With or without a final `/v1`.'),
    api: z
      .enum(['openai-chat', 'native'])
      .default('openai-chat')
      .describe('The wire format of chat: `/v1/chat/completions`, or the server’s own `/api/chat`.'),
    num_ctx: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Tokens of context of each chat; longer prompts are cut without a word. Only with `api: native`.',
      ),
    keep_alive: z
      .union([z.string().min(1), z.number()])
      .optional()
      .describe(
        'How long the model stays loaded, such as `10m`; a number is seconds. Only with `api: native`.',
      ),
  })
  .superRefine((given, context) => {
    if (given.api === 'native') return
    for (const name of ['num_ctx', 'keep_alive'] as const) {
      if (given[name] === undefined) continue
      context.addIssue({ code: 'custom', path: [name], message: 'takes effect only with api: native' })
    }
  })

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

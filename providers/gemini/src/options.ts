import { apiKey, baseUrl } from '@llmproxy/provider-kit'
import { z } from 'zod'

const safetySetting = z.strictObject({ category: z.string().min(1), threshold: z.string().min(1) })

/** What may stand beside `type: gemini` in the configuration. */
export const options = z.strictObject({
  api_key: apiKey().describe('Sent as `x-goog-api-key`, never in the URL.'),
  base_url: baseUrl('https://generativelanguage.googleapis.com/v1beta').describe(
    'With or without the version: `/v1beta` is added when there is none.',
  ),
  api: z.literal('generate-content').default('generate-content').describe('The wire format.'),
  schema_dialect: z
    .enum(['auto', 'json-schema', 'openapi'])
    .default('auto')
    .describe(
      'How schemas of tools and answers are sent: as JSON Schema, in the OpenAPI subset of older models, or as the model’s family wants it.',
    ),
  safety_settings: z
    .array(safetySetting)
    .default([])
    .describe('`{category, threshold}` for requests that bring no `safetySettings` of their own.'),
})

/** The options as `create()` receives them, defaults filled in. */
export type Options = z.output<typeof options>

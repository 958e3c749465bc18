import { apiKey, baseUrl, bearer, definePlugin, openaiCompatible } from '@llmproxy/provider-kit'
import { z } from 'zod'

export default definePlugin({
  type: 'acme',
  options: z.strictObject({
    api_key: apiKey(),
    base_url: baseUrl('https://api.acme.example/v1'),
  }),
  create: (options) =>
    openaiCompatible({
      baseUrl: options.base_url,
      authorize: bearer(options.api_key),
      operations: ['chat', 'embeddings'],
      supports: { json_schema: false },
    }),
})
